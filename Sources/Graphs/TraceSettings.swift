/// The framework whose defaults settings left open take.
public enum Preset: String, Sendable, Hashable, CaseIterable {
  /// The defaults of Keras 3.
  case keras
  /// The defaults of PyTorch.
  case pytorch
}

/// What a trace is told from outside.
package struct TraceSettings: Sendable, Hashable {
  /// Whose defaults the layers take.
  package var preset: Preset
  /// Layers or parameters that the optimizer leaves alone, by path.
  package var frozen: Set<String>
  /// Layers that are frozen by their own definition, by path.
  package var frozenLayers: Set<String> = []
  /// Whether the layers traced now are frozen.
  package var freezesLayers = false

  package init(preset: Preset = .keras, frozen: Set<String> = []) {
    self.preset = preset
    self.frozen = frozen
  }

  /// Whether a layer or parameter, or a scope around it, is frozen.
  package func isFrozen(_ path: String) -> Bool { path.isWithin(frozen) || isInFrozenLayer(path) }

  /// Whether a layer or parameter belongs to a layer that is frozen by definition.
  package func isInFrozenLayer(_ path: String) -> Bool { path.isWithin(frozenLayers) }
}

extension String {
  /// Whether the path is one of some paths or lies in one of them.
  package func isWithin(_ paths: Set<String>) -> Bool {
    paths.contains { self == $0 || hasPrefix("\($0)/") }
  }
}
