import MartletTensors

/// The library keeps global state that two threads must not change at once.
private let oneAtATime = Guarded(())

/// Runs calls of the library while nobody else does.
func withHDF5<Result>(_ body: () -> Result) -> Result { oneAtATime.withLock { _ in body() } }
