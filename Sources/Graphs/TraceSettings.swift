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

  package init(preset: Preset = .keras, frozen: Set<String> = []) {
    self.preset = preset
    self.frozen = frozen
  }

  /// Whether a layer or parameter, or a scope around it, is frozen.
  package func isFrozen(_ path: String) -> Bool {
    frozen.contains { path == $0 || path.hasPrefix("\($0)/") }
  }
}
