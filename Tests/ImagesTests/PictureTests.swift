import MartletDatasets
import MartletImages
import MartletTensors
import Testing

struct PictureTests {
  private func gray(_ rows: [[UInt8]]) -> Tensor<UInt8> {
    Tensor(shape: [rows.count, rows[0].count, 1], scalars: rows.flatMap { $0 })
  }

  @Test func areaAverages() {
    let image = gray([[0, 10, 20, 30], [40, 50, 60, 70]])
    #expect(image.resized(height: 1, width: 2, method: .area) == gray([[25, 45]]))
    // Thirds: pixel 0 is image pixel 0 and a third of pixel 1.
    #expect(gray([[0, 90, 240, 30]]).resized(height: 1, width: 3, method: .area) == gray([[23, 165, 83]]))
    #expect(image.resized(height: 1, width: 2) == image.resized(height: 1, width: 2, method: .area))
  }

  @Test func bilinearTakesPixelCenters() {
    // Centers of the output lie at -0.25, 0.25, 0.75 and 1.25.
    let image = gray([[0, 100]])
    #expect(image.resized(height: 1, width: 4, method: .bilinear) == gray([[0, 25, 75, 100]]))
    #expect(image.resized(height: 2, width: 4) == gray([[0, 25, 75, 100], [0, 25, 75, 100]]))
    #expect(gray([[0, 10, 20, 30]]).resized(height: 1, width: 2, method: .bilinear) == gray([[5, 25]]))
  }

  /// Rows and columns are treated alike, though rows are gone through two at a time.
  @Test(arguments: [ResizeMethod.area, .bilinear, .automatic])
  func rowsAreResizedAsColumns(_ method: ResizeMethod) {
    let (height, width) = (23, 17)
    let image = gray((0..<height).map { row in (0..<width).map { UInt8((row * 37 + $0 * 101) % 251) } })
    func turned(_ image: Tensor<UInt8>) -> Tensor<UInt8> {
      let (rows, columns) = (image.shape[0], image.shape[1])
      return gray((0..<columns).map { column in (0..<rows).map { image.scalars[$0 * columns + column] } })
    }
    for (rows, columns) in [(1, 1), (3, 40), (22, 16), (24, 18), (70, 5), (11, 17)] {
      #expect(
        turned(image).resized(height: columns, width: rows, method: method)
          == turned(image.resized(height: rows, width: columns, method: method)))
    }
  }

  @Test(arguments: [ResizeMethod.area, .bilinear, .automatic])
  func constantsStayConstant(_ method: ResizeMethod) {
    for size in [1, 2, 5, 13, 28, 61] {
      let image = Tensor<UInt8>(repeating: 137, shape: [17, 23, 3])
      #expect(
        image.resized(height: size, width: 29 - size / 3, method: method)
          == Tensor(repeating: 137, shape: [size, 29 - size / 3, 3]))
    }
  }

  @Test func colorsAreConverted() {
    let image = Tensor<UInt8>(shape: [1, 4, 3], scalars: [255, 255, 255, 255, 0, 0, 0, 255, 0, 0, 0, 255])
    #expect(image.converted(to: .gray).scalars == [255, 76, 150, 29])
    #expect(gray([[3, 200]]).converted(to: .rgb).scalars == [3, 3, 3, 200, 200, 200])
  }

  @Test func theContactSheetIsOrderedByClass() throws {
    let labels = [1, 0, 1, 2, 1]
    let data = try ImageDataset(
      name: "x", classNames: ["a", "b", "c"],
      images: Tensor(shape: [5, 28, 28, 1], scalars: (0..<5 * 784).map { UInt8($0 / 784 * 40) }),
      labels: labels)
    let sheet = try ImageCoder.decode(try ContactSheet.png(data, columns: 2))
    #expect(sheet.shape == [3 * 60 + 4, 2 * 60 + 4, 1])
    func middle(_ row: Int, _ column: Int) -> UInt8 {
      sheet.scalars[(row * 60 + 32) * sheet.shape[1] + column * 60 + 32]
    }
    #expect([middle(0, 0), middle(0, 1)] == [40, 255])
    #expect([middle(1, 0), middle(1, 1)] == [0, 80])
    #expect([middle(2, 0), middle(2, 1)] == [120, 255])
    #expect(throws: ImageError.self) { try ContactSheet.png(data, columns: 0) }
    #expect(throws: ImageError.self) { try ContactSheet.png(data, columns: .max) }
    #expect(throws: ImageError.self) { try ContactSheet.png(data, columns: 1_000_000) }
  }
}
