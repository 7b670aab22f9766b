import Foundation

/// A small C library put before a program's own libraries, so that its functions are called instead of theirs.
struct PreloadedLibrary {
  /// The variables under which a program finds the library.
  let environment: [String: String]

  /// Nil where there is no compiler, or no way to put functions before others.
  init?(_ source: String, in folder: TemporaryFolder) throws {
    #if os(Linux)
      let (file, library) = ("\(folder.path)/preloaded.c", "\(folder.path)/preloaded.so")
      try Data(source.utf8).write(to: URL(fileURLWithPath: file))
      // The compiler that came with Swift made the package's C targets; another will do.
      for compiler in ["clang", "cc", "gcc"] {
        let made = try CommandRunner.run(
          "/usr/bin/env", [compiler, "-shared", "-fPIC", "-O1", "-o", library, file], environment: [:],
          in: folder)
        if made.status == 0 {
          environment = ["LD_PRELOAD": library]
          return
        }
      }
    #endif
    return nil
  }
}
