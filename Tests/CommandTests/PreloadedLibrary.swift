import Foundation

/// A small C library put before a program's own libraries, so that its functions are called instead of theirs.
struct PreloadedLibrary {
  #if os(Linux)
    /// Whether the system has a way to put functions before others.
    static let isPossible = true
  #else
    static let isPossible = false
  #endif

  /// What the compilers said, none of which made the library.
  struct NotMade: Error {
    let errors: String
  }

  /// The variables under which a program finds the library.
  let environment: [String: String]

  init(_ source: String, in folder: TemporaryFolder) throws {
    let (file, library) = ("\(folder.path)/preloaded.c", "\(folder.path)/preloaded.so")
    try Data(source.utf8).write(to: URL(fileURLWithPath: file))
    var errors = ""
    // The compiler that came with Swift made the package's C targets; another will do.
    for compiler in ["clang", "cc", "gcc"] {
      let made = try CommandRunner.run(
        "/usr/bin/env", [compiler, "-shared", "-fPIC", "-O1", "-o", library, file], environment: [:],
        in: folder)
      if made.status == 0 {
        environment = ["LD_PRELOAD": library]
        return
      }
      errors += "\(compiler): \(made.errors)"
    }
    throw NotMade(errors: errors)
  }
}
