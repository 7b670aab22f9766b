import Foundation
import MartletReports
import MartletRuns
import MartletTensors
import Testing

/// Every figure and page is as it was when somebody last looked at it.
///
/// `RECORD=1` takes what is drawn now as right; look at it (`make report-gallery`) before committing.
@Suite struct GalleryTests {
  @Test func figuresAndPagesMatchTheirDigests() throws {
    let figures = try Gallery.figures().map { ("\($0.name).svg", $0.figure.svg) }
    let pages = try Gallery.pages().map { ("\($0.name).html", Self.withoutWhatChanges($0.page.html)) }
    let lines = (figures + pages).map { name, text in
      var digest = SHA256()
      digest.update(Array(text.utf8))
      return "\(digest.hexDigest())  \(name)\n"
    }
    let path = Gallery.fixtures + "/gallery.sha256"
    if ProcessInfo.processInfo.environment["RECORD"] == "1" {
      try AtomicFile.write(Array(lines.joined().utf8), to: path)
    }
    let committed = try String(contentsOfFile: path, encoding: .utf8)
    let changed = Set(lines).subtracting(committed.split(separator: "\n").map { $0 + "\n" })
    #expect(
      changed.isEmpty && committed == lines.joined(), "make report-gallery shows what has changed: \(changed)"
    )
  }

  /// `MARTLET_GALLERY=folder` keeps everything for the eye: what `make report-gallery` does.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["MARTLET_GALLERY"] != nil))
  func theGalleryIsDrawn() throws {
    let folder = try #require(ProcessInfo.processInfo.environment["MARTLET_GALLERY"])
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var body: [HTML] = []
    for (name, page) in try Gallery.pages() {
      try AtomicFile.write(Array(page.html.utf8), to: "\(folder)/\(name).html")
      body.append("<p><a href=\"\(name).html\">The page of \(name)</a></p>")
    }
    for (name, figure) in try Gallery.figures() {
      try figure.write(to: "\(folder)/\(name).svg")
      try figure.write(to: "\(folder)/\(name).png")
      body.append("<h3>\(name)</h3><p><img src=\"\(name).svg\" alt=\"\(name)\"></p>")
    }
    let page = Page(
      title: "Gallery", kicker: "Martlet", summary: "",
      sections: [.init(id: "all", title: "Every figure and page", body: body.joined())])
    try AtomicFile.write(Array(page.html.utf8), to: "\(folder)/index.html")
  }

  /// The bytes of a picture depend on the machine's zlib, the version on the day.
  private static func withoutWhatChanges(_ page: String) -> String {
    page.replacing(#/data:image/png;base64,[A-Za-z0-9+/=]+/#, with: "picture")
      .replacing("Martlet \(martletVersion)", with: "Martlet")
  }
}
