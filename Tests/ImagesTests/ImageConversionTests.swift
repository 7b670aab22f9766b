import MartletDatasets
import MartletImages
import MartletTensors
import Testing

struct ImageConversionTests {
  private func gray(_ rows: [[UInt8]]) -> Tensor<UInt8> {
    Tensor(shape: [rows.count, rows[0].count, 1], scalars: rows.flatMap { $0 })
  }

  private func converted(_ image: Tensor<UInt8>, _ height: Int, _ width: Int, _ fit: ImageFit) throws
    -> Tensor<UInt8>
  {
    try ImageConversion(height: height, width: width, channels: .gray, fit: fit)(image)
  }

  @Test func eachFitTreatsProportionsItsWay() throws {
    let wide = gray([[10, 20, 30, 40], [50, 60, 70, 80]])
    #expect(try converted(wide, 2, 2, .stretch) == gray([[15, 35], [55, 75]]))
    #expect(try converted(wide, 2, 2, .crop) == gray([[20, 30], [60, 70]]))
    #expect(try converted(wide, 2, 2, .pad) == gray([[35, 55], [0, 0]]))
    #expect(
      try converted(wide, 4, 4, .pad)
        == gray([[0, 0, 0, 0], [10, 20, 30, 40], [50, 60, 70, 80], [0, 0, 0, 0]]))
    let tall = gray([[1], [2], [3], [4], [5]])
    #expect(try converted(tall, 1, 1, .crop) == gray([[3]]))
    #expect(
      try converted(tall, 5, 3, .pad) == gray([[0, 1, 0], [0, 2, 0], [0, 3, 0], [0, 4, 0], [0, 5, 0]]))
    for fit in ImageFit.allCases { #expect(try converted(wide, 2, 4, fit) == wide) }
  }

  @Test func everySizeAndFitGivesTheShape() throws {
    for (height, width) in [(1, 1), (3, 200), (200, 3), (17, 23)] {
      let image = Tensor<UInt8>(repeating: 90, shape: [height, width, 3])
      for fit in ImageFit.allCases {
        let conversion = try ImageConversion(height: 12, width: 10, channels: .rgb, fit: fit)
        let result = conversion(image)
        #expect(result.shape == [12, 10, 3])
        #expect(fit == .pad ? result.scalars.contains(90) : result.scalars.allSatisfy { $0 == 90 })
      }
    }
  }

  @Test func channelsAreConverted() throws {
    let red = Tensor<UInt8>(shape: [1, 1, 3], scalars: [255, 0, 0])
    #expect(try ImageConversion(height: 1, width: 1, channels: .gray)(red).scalars == [76])
    #expect(
      try ImageConversion(height: 1, width: 2, channels: .rgb)(gray([[7, 9]])).scalars == [7, 7, 7, 9, 9, 9])
  }

  @Test func textsGoBothWays() throws {
    let conversion = try ImageConversion(height: 28, width: 32, channels: .gray, method: .area, fit: .pad)
    #expect(conversion.description == "28x32x1 area pad")
    #expect(try ImageConversion(parsing: conversion.description) == conversion)
    for text in ["", "28x28", "28x28x1", "28x28x2 area pad", "28x28x1 cubic pad", "28x28x1 area fill"] {
      #expect(throws: DatasetError.self, "\(text)") { try ImageConversion(parsing: text) }
    }
    let error = #expect(throws: DatasetError.self) { try ImageConversion(parsing: "0x28x1 area pad") }
    #expect(error?.description.contains("rows and columns from 1 to 4096") == true)
  }
}
