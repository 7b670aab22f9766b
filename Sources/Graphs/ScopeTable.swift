/// The identity of a layer; copies of the layer share it, so applying any of them shares the weights.
public final class LayerIdentity: Sendable {
  /// Creates an identity unlike every other.
  public init() {}
}

/// Names layers while a network is traced: scope + explicit name, else type and number by first use.
package struct ScopeTable {
  private var scopes: [String] = []
  private var locations: [String] = []
  private var counts: [String: Int] = [:]
  private var pathOf: [ObjectIdentifier: String] = [:]
  private var ownerOf: [String: LayerIdentity] = [:]
  // An address must not be used again during the trace, so every identity is kept.
  private var identities: [LayerIdentity] = []

  /// The path of the innermost layer being traced.
  package var current: String { scopes.last ?? "" }
  /// Where the innermost layer was written, `file:line`.
  package var location: String { locations.last ?? "" }

  package mutating func enter(_ path: String, location: String) {
    scopes.append(path)
    locations.append(location)
  }

  package mutating func leave() {
    scopes.removeLast()
    locations.removeLast()
  }

  /// Lets layers made anew inside a scope take the paths of its first use, which shares their weights.
  ///
  /// - Parameter scope: The scope entered again; empty for the whole network.
  package mutating func replay(_ scope: String) {
    let prefix = scope.isEmpty ? "" : "\(scope)/"
    counts = counts.filter { !$0.key.hasPrefix(prefix) }
    ownerOf = ownerOf.filter { !$0.key.hasPrefix(prefix) }
  }

  /// The path of a layer, the same at every use, and whether another layer owns it.
  package mutating func path(
    of identity: LayerIdentity, name: String?, type: String
  ) -> (path: String, isTaken: Bool) {
    let prefix = current.isEmpty ? "" : "\(current)/"
    if let known = pathOf[ObjectIdentifier(identity)] {
      if ownerOf[known] == nil {
        // First use within a replayed scope: take the number again, so that later layers keep theirs.
        ownerOf[known] = identity
        if name == nil, known.hasPrefix(prefix + type) { counts[prefix + type, default: 0] += 1 }
      }
      replay(known)
      return (known, false)
    }
    var path: String
    if let name {
      path = prefix + name
    } else {
      let number = counts[prefix + type, default: 0]
      counts[prefix + type] = number + 1
      path = prefix + (number == 0 ? type : "\(type)_\(number)")
    }
    if ownerOf[path] != nil { return (path, true) }
    identities.append(identity)
    ownerOf[path] = identity
    pathOf[ObjectIdentifier(identity)] = path
    return (path, false)
  }
}

extension Graph {
  /// Traces one use of a layer inside its own scope and records its result.
  ///
  /// - Parameters:
  ///   - identity: The layer's identity; the same one again shares the weights.
  ///   - name: The layer's explicit name.
  ///   - type: The lower-case type name from which a path is made where no name is given.
  ///   - location: `file:line` of the layer's definition, for errors.
  ///   - body: Builds the result; receives the layer's path.
  package func layer(
    _ identity: LayerIdentity, name: String?, type: String, location: String, body: (String) -> Value
  ) -> Value {
    if let name, name.split(separator: "/", omittingEmptySubsequences: false).contains("") {
      return fail(
        ModelError(
          path: scopes.current, expected: "a layer's name, with something before and after each /",
          received: "\"\(name)\"", location: location))
    }
    let (path, isTaken) = scopes.path(of: identity, name: name, type: type)
    if isTaken {
      return fail(
        ModelError(
          path: path, expected: "one layer of this name", received: "a second, different one",
          hint: "Give it another name, or apply the same layer value again to share its weights.",
          location: location))
    }
    scopes.enter(path, location: location)
    let result = body(path)
    scopes.leave()
    record(result, path: path, type: type)
    return result
  }
}
