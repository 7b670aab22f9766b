import MartletGraphs

extension Program {
  /// The program as text: a line for every region and step.
  package var text: String { text(remarking: { _ in "" }) }

  /// The program as text with a remark after each step's name, such as the algorithm that a backend chooses.
  package func text(remarking remark: (Step) -> String) -> String {
    var lines = ["program for batch \(batch): \(stepCount) steps in \(regions.count) regions"]
    lines += preparation
    for (index, region) in regions.enumerated() {
      lines.append(
        "region \(index) \(region.domain.rawValue)\(index >= compute.count ? " after the guard" : "")")
      lines += region.steps.map { "  \(text(of: $0, remark($0)))" }
      lines += region.chain.map { "  then \(text(of: $0, remark($0)))" }
    }
    lines += outputs.sorted { $0.key < $1.key }.map { "output \($0.key) = \(name(of: $0.value.buffer))" }
    return lines.joined(separator: "\n")
  }

  /// What is computed once for each set of weights: a line for every step.
  package var preparation: [String] {
    prepare.flatMap(\.allSteps).map { "prepare \(text(of: $0))" }
  }

  private func text(of step: Step, _ remark: String = "") -> String {
    let outputs = zip(step.outputs, step.outputShapes).map { "\(name(of: $0)) \($1)" }.joined(separator: ", ")
    let inputs = step.inputs.map(name(of:)).joined(separator: ", ")
    return "\(outputs) = \(step.kind.name)\(remark)(\(inputs))\(step.path.isEmpty ? "" : "  // \(step.path)")"
  }

  /// A buffer as the text names it.
  package func name(of buffer: Int) -> String {
    switch buffers[buffer].kind {
    case .input(let name): "<\(name)>"
    case .parameter(let path): "<\(path)>"
    case .constant: "c\(buffer)"
    case .temporary: "b\(buffer)"
    case .local: "l\(buffer)"
    case .prepared: "p\(buffer)"
    }
  }
}

extension StepKind {
  /// A short name with what the step fuses.
  package var name: String {
    switch self {
    case .convolution(let step): step.name("conv")
    case .kernelGradient(let step, _): step.name("conv_kernel_gradient")
    case .inputGradient(let step, _): step.name("conv_input_gradient")
    case .matrix(let step):
      "matmul_\(step.transposeA ? "t" : "n")\(step.transposeB ? "t" : "n")"
        + (step.hasBias ? "+bias" : "") + step.epilogue.name
    case .pointwise(let code): "pointwise[\(code.operationCount)]"
    case .pooling(let op): op.name
    case .reduction(let op): "reduce_\(op.kind)\(op.axes)"
    case .structure(let op): op.name
    case .normalization(let op): op.name
    case .normalizedPooling(let step): step.name
    case .normalizedGradient(let step): step.name
    case .classification(let op): op.name
    }
  }
}

extension ConvolutionStep {
  fileprivate func name(_ base: String) -> String {
    let before = source.map { "pointwise[\($0.operationCount)]+" } ?? ""
    return before + base + " \(window.name)" + (hasBias ? "+bias" : "")
      + epilogue.name + (isPooled ? "+pool" : "")
  }
}

extension NormalizedPoolingStep {
  fileprivate var name: String {
    let pool = slope == 0 ? "normalize+relu+pool" : "normalize+leaky_relu+pool"
    let base = dropout == nil ? pool : pool + "+dropout"
    return switch part {
    case .forward: base
    case .gradientSums: base + "_gradient_sums"
    case .inputGradient: base + "_gradient"
    }
  }
}

extension NormalizedGradientStep {
  fileprivate var name: String {
    (slope == 0 ? "normalize+relu" : "normalize+leaky_relu")
      + (sumsOverBatch ? "_gradient_sums" : "_gradient")
  }
}

extension Epilogue {
  fileprivate var name: String {
    switch self {
    case .identity: ""
    case .relu: "+relu"
    case .leakyReLU: "+leaky_relu"
    }
  }
}
