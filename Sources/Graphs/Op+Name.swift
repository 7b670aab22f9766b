extension Op {
  /// A short lower-case name for dumps, profiles and errors.
  package var name: String {
    switch self {
    case .source(let op): op.name
    case .convolution(let op): op.name
    case .pooling(let op): op.name
    case .matrix(.multiply(let a, let b)): "matmul\(a ? "_t" : "_n")\(b ? "t" : "n")"
    case .pointwise(let op): op.name
    case .reduction(let op): "reduce_\(op.kind)\(op.axes)"
    case .structure(let op): op.name
    case .normalization(let op): op.name
    case .classification(let op): op.name
    case .random(.keepMask(let rate, _, _)): "keep_mask(\(rate))"
    }
  }
}

extension SourceOp {
  package var name: String {
    switch self {
    case .input(let name, _, _): "input \(name)"
    case .parameter(let path, _): "parameter \(path)"
    case .constant(let value, _): "constant \(value)"
    case .table(let values, _): "table of \(values.count)"
    }
  }
}

extension ConvolutionOp {
  package var window: ConvolutionWindow {
    switch self {
    case .forward(let window), .inputGradient(let window, _), .kernelGradient(let window, _): window
    }
  }

  package var name: String {
    let geometry = window.name
    return switch self {
    case .forward: "conv \(geometry)"
    case .inputGradient: "conv_input_gradient \(geometry)"
    case .kernelGradient: "conv_kernel_gradient \(geometry)"
    }
  }
}

extension ConvolutionWindow {
  package var name: String {
    var parts = ["\(kernel)"]
    if stride != Extent(1) { parts.append("stride \(stride)") }
    if dilation != Extent(1) { parts.append("dilation \(dilation)") }
    if groups != 1 { parts.append("groups \(groups)") }
    if !padding.isZero {
      parts.append("pad \(padding.top),\(padding.left),\(padding.bottom),\(padding.right)")
    }
    return parts.joined(separator: " ")
  }
}

extension PoolingOp {
  package var window: PoolingWindow {
    switch self {
    case .max(let window), .maxGradient(let window), .average(let window), .averageGradient(let window, _):
      window
    }
  }

  package var name: String {
    let geometry = "\(window.size)/\(window.stride)"
    return switch self {
    case .max: "max_pool \(geometry)"
    case .maxGradient: "max_pool_gradient \(geometry)"
    case .average: "average_pool \(geometry)"
    case .averageGradient: "average_pool_gradient \(geometry)"
    }
  }
}

extension PointwiseOp {
  package var name: String {
    switch self {
    case .cast: "cast"
    case .unary(let op): "\(op)"
    case .binary(let op): "\(op)"
    }
  }
}

extension StructureOp {
  package var name: String {
    switch self {
    case .reshape: "reshape"
    case .transpose(let order): "transpose\(order)"
    case .broadcast: "broadcast"
    case .concatenate(let axis): "concatenate axis \(axis)"
    case .slice(let axis, let start, let count): "slice axis \(axis) \(start)..<\(start + count)"
    case .pad(let axis, let before, let after): "pad axis \(axis) by \(before), \(after)"
    }
  }
}

extension NormalizationOp {
  package var name: String {
    switch self {
    case .batchMoments: "batch_moments"
    case .batchNormalize: "batch_normalize"
    case .batchGradientSums: "batch_gradient_sums"
    case .batchInputGradient: "batch_input_gradient"
    case .localResponse(let a): "local_response \(a.size)"
    case .localResponseGradient(let a): "local_response_gradient \(a.size)"
    }
  }
}

extension ClassificationOp {
  package var name: String {
    switch self {
    case .softmax: "softmax"
    case .softmaxGradient: "softmax_gradient"
    case .crossEntropy(let encoding): "cross_entropy \(encoding)"
    case .crossEntropyGradient(let encoding): "cross_entropy_gradient \(encoding)"
    case .argmax: "argmax"
    case .oneHot(let classes): "one_hot \(classes)"
    }
  }
}
