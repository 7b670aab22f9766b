extension ImageDataset {
  /// Whether `verify` has a stored checksum to compare with.
  public var isVerifiable: Bool { storage.cached != nil }

  /// Reads all bytes of the cached file again and compares them with the checksum stored beside them.
  ///
  /// Takes some tenths of a second and can run on any thread, during the first epoch for instance. A
  /// damaged file is removed from the cache. Data in memory have no file and always pass.
  ///
  /// - Throws: `DatasetError` of kind `badData` that names the file and both checksums.
  public func verify() throws(DatasetError) {
    try storage.cached?.verify()
  }
}
