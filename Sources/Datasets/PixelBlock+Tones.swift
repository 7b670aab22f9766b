extension PixelBlock {
  /// Adds a number to all values, which stay within 0 and 255.
  package func brighten(by amount: Int) {
    let amount = Int16(max(-255, min(255, amount)))
    for index in 0..<count {
      pixels[index] = UInt8(truncatingIfNeeded: max(0, min(255, Int16(pixels[index]) &+ amount)))
    }
  }

  /// Multiplies each value's distance to the mean of its channel; the results are rounded, half up, and
  /// stay within 0 and 255.
  package func changeContrast(by factor: Double) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 256) { table in
      for channel in 0..<channels {
        var sum = 0
        for index in stride(from: channel, to: count, by: channels) { sum &+= Int(pixels[index]) }
        let mean = Double(sum) / Double(height * width)
        for value in 0..<256 {
          let changed = ((Double(value) - mean) * factor + mean + 0.5).rounded(.down)
          table[value] = UInt8(max(0, min(255, changed)))
        }
        for index in stride(from: channel, to: count, by: channels) {
          pixels[index] = table[Int(pixels[index])]
        }
      }
    }
  }
}
