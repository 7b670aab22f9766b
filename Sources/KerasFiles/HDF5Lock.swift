import MartletTensors

/// The library keeps global state that two threads must not change at once.
private let oneAtATime = Guarded(())

/// Runs calls of the library while nobody else does.
func withHDF5<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
  let outcome = oneAtATime.withLock { _ -> Swift.Result<Result, Failure> in
    do throws(Failure) { return .success(try body()) } catch { return .failure(error) }
  }
  return try outcome.get()
}
