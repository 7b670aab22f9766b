import Foundation
import MartletTensors

/// Downloads one file: appends to what the destination holds already, or begins anew.
package typealias Fetcher = @Sendable (FetchRequest) throws(DatasetError) -> Void

/// What a fetcher is asked for.
package struct FetchRequest {
  package let url: String
  package let destination: String
  /// No more bytes than these may ever lie at the destination.
  package let sizeLimit: Int
  /// To be told of the bytes received so far.
  package let progress: (Int) -> Void

  package init(url: String, destination: String, sizeLimit: Int, progress: @escaping (Int) -> Void) {
    self.url = url
    self.destination = destination
    self.sizeLimit = sizeLimit
    self.progress = progress
  }
}

/// Downloads with the `curl` command, over https alone, redirects included.
package enum Curl {
  package static func fetch(_ request: FetchRequest) throws(DatasetError) {
    guard request.url.hasPrefix("https://") else {
      throw DatasetError(.couldNotFetch, at: request.url, expected: "an https address", received: "another")
    }
    let process = Process()
    // Found through the search path, as a shell would.
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      "curl", "--fail", "--location", "--silent", "--show-error", "--proto", "=https", "--proto-redir",
      "=https", "--max-redirs", "5", "--connect-timeout", "20", "--speed-limit", "1000", "--speed-time", "30",
      "--retry", "2", "--max-filesize", String(request.sizeLimit), "--continue-at", "-", "--output",
      request.destination, request.url,
    ]
    let errors = Pipe()
    process.standardError = errors
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    let ended = Guarded(false)
    process.terminationHandler = { _ in ended.withLock { $0 = true } }
    do { try process.run() } catch {
      throw DatasetError(
        .couldNotFetch, at: request.url, expected: "the command curl", received: "no way to start it",
        hint: "install curl")
    }
    // Waiting for a semaphore goes by the time of day on Linux, which can be set; sleeping does not.
    var naps = 0
    while !ended.withLock({ $0 }) {
      usleep(20_000)
      naps += 1
      guard naps % 10 == 0 else { continue }
      let received = Downloader.size(of: request.destination)
      request.progress(received)
      // Older versions of curl check the limit only against the announced length.
      if received > request.sizeLimit { process.terminate() }
    }
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    guard process.terminationStatus == 0, process.terminationReason == .exit else {
      let reason = text.split(separator: "\n").last.map { String($0) } ?? "no message"
      let hint = process.terminationStatus == 127 ? "install curl" : nil
      throw DatasetError(
        .couldNotFetch, at: request.url, expected: "a download",
        received: "curl's status \(process.terminationStatus) (\(reason))", hint: hint)
    }
  }
}
