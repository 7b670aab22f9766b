import Foundation

/// The sanitizers that the tests and the command may be built with.
enum Sanitizer {
  static let isAddress = isLinked("__asan_init")
  static let isThread = isLinked("__tsan_init")
  static let isOn = isAddress || isThread

  private static func isLinked(_ name: String) -> Bool { dlsym(nil, name) != nil }
}
