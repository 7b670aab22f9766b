import MartletTensors
import Testing

/// The verbs that need no run.
@Suite struct VerbTests {
  @Test func summaryHasTheKeys() throws {
    let result = try CommandRunner.run("summary", "convnet-mnist-functional", "--json")
    let summary = try #require(try result.objects().last)
    #expect(
      summary.members?.map(\.key) == [
        "event", "layers", "parameters", "trainable_parameters", "flops", "activation_bytes",
      ])
    #expect(summary["parameters"] == 421_642 && summary["trainable_parameters"] == 421_642)
    #expect(summary["layers"]?.arrayValue?.first?["output_shape"] == [.null, 28, 28, 1])
    let text = try CommandRunner.run("summary", "convnet", "--batch-size", "10", "--threads", "1").output
    #expect(text.contains("Optimizer state: 843,284") && text.contains("Memory of a training step of 10: "))
  }

  @Test(arguments: [
    ("custom-cnn-mnist", 242_442), ("custom-cnn-cifar10", 357_706), ("alexnet-mnist", 8_306_890),
    ("alexnet-cifar10", 10_012_554), ("conv5x5-mnist", 184_586), ("dense-fashion", 12_786),
    ("conv-fashion", 74_514),
    ("dense-cifar100-coarse", 49_484), ("conv-cifar100-coarse", 102_252), ("convnet-mnist-type", 421_642),
    ("convnet-mnist-loop", 421_642), ("attention-fashion", 177_041),
  ]) func systemsHaveThePublishedSize(id: String, parameters: Int) throws {
    let result = try CommandRunner.run("summary", id, "--json")
    #expect(try result.objects().last?["parameters"] == .integer(parameters))
  }

  @Test func inspectShowsGraphAndProgram() throws {
    let result = try CommandRunner.run("inspect", "dense", "--batch", "4")
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.contains("program for batch 4") && result.output.contains("after the guard"))
  }

  @Test func layersCanBeMadeExactOneByOne() throws {
    let all = try CommandRunner.run("inspect", "convnet")
    #expect(all.output.contains("= conv 3x3 pad 1,1,1,1+bias+relu+pool [winograd]"))
    let one = try CommandRunner.run("inspect", "convnet", "--exact-layers", "Conv2")
    #expect(one.output.contains("= conv 3x3 pad 1,1,1,1+bias+relu+pool [direct]"))
    let unknown = try CommandRunner.run("train", "--model", "convnet", "--exact-layers", "Conv7")
    #expect(unknown.status != 0)
    #expect(unknown.errors.contains("exact: expected a convolution of the network, received Conv7"))
    let both = try CommandRunner.run("benchmark", "convnet", "--exact", "--exact-layers", "Conv2")
    #expect(both.status == 64 && both.errors.contains("expected no --exact besides"))
  }

  @Test func inspectDrawsTheTimes() throws {
    let folder = try TemporaryFolder()
    let drawn = try CommandRunner.run(
      ["inspect", "dense", "--batch", "4", "--figure", "times.svg", "--json"], in: folder)
    #expect(drawn.status == 0, "\(drawn.errors)")
    #expect(try drawn.objects().last?["figure"] == "times.svg")
    let svg = try String(contentsOfFile: "\(folder.path)/times.svg", encoding: .utf8)
    for text in ["dense, train, batch 4", "dense_1: matmul_nn+bias+relu", "dense: matmul_tn", "ms in all"] {
      #expect(svg.contains(text), "\(text)")
    }
    let refused = try CommandRunner.run("inspect", "dense", "--figure", "times.pdf")
    #expect(refused.status == 64 && refused.errors.contains("a file that ends in .svg or .png"))
  }

  @Test func listTellsAllDataSets() throws {
    let result = try CommandRunner.run("datasets", "list", "--json")
    let lines = try result.objects()
    #expect(
      lines.dropLast().map { $0["dataset"]?.stringValue } == [
        "mnist", "fashion-mnist", "cifar10", "cifar100", "cifar100-coarse",
      ])
    #expect(lines.last?["event"] == "result")
  }

  @Test func verifyTellsWhetherTheBytesArePublished() throws {
    let folder = try TemporaryFolder()
    let data = try SmallData.write(in: folder)
    let result = try CommandRunner.run(["datasets", "verify", "mnist", "--data", data, "--json"], in: folder)
    #expect(try result.objects().last?["verified"] == true)
    #expect(try result.objects().last?["official"] == false)
    #expect(result.errors.contains("not the official bytes"))
  }

  @Test(arguments: [false, true]) func benchmarkHasTheKeys(inference: Bool) throws {
    let folder = try TemporaryFolder()
    let row = try CommandRunner.run(
      [
        "benchmark", "dense-fashion", "conv5x5-mnist", "--batch-size", "8", "--steps", "30",
        "--rates", "100,50,10", "--random", "--json",
      ]
        + (inference ? ["--mode", "inference"] : []), in: folder
    ).objects()
    #expect(row.count == 3)
    #expect(
      row[0].members?.map(\.key) == [
        "event", "system", "batch", "mode", "data", "milliseconds", "processor_milliseconds",
        "images_per_second", "gflops", "floor_milliseconds", "threads", "arena_bytes", "prepared_bytes",
        "peak_memory_bytes",
      ] + (inference ? [] : ["gradient_density"]))
    #expect(row[0]["data"] == "random")
    if !inference {
      // dY below ReLU and 2x2 max pooling has at most a quarter of its elements.
      let density = try #require(row[1]["gradient_density"]?["conv2d_1"]?.doubleValue)
      #expect(density > 0 && density <= 0.25)
    }
    #expect(row[0]["mode"] == (inference ? "inference" : "train") && row[0]["system"] == "dense-fashion")
    #expect((row[1]["gflops"]?.doubleValue ?? 0) > 0)
  }

  @Test func benchmarkComparesFitWithBareSteps() throws {
    let folder = try TemporaryFolder()
    let arguments = ["benchmark", "dense", "--mode", "fit", "--batch-size", "8", "--random"]
    let row = try #require(try CommandRunner.run(arguments + ["--json"], in: folder).objects().first)
    #expect(row["mode"] == "fit" && row["pairs"] == 20)
    let (ratio, margin) = (row["ratio"]?.doubleValue ?? 0, row["ratio_margin"]?.doubleValue ?? 0)
    #expect(ratio > 0 && margin > 0)
    for key in ["bare_milliseconds", "fit_milliseconds"] { #expect((row[key]?.doubleValue ?? 0) > 0) }
    let refused = try CommandRunner.run(arguments + ["--layers"], in: folder)
    #expect(refused.status == 64 && refused.errors.contains("none with --mode fit"))
  }

  /// The times step by step add up to about the step, and name the layers.
  @Test func benchmarkShowsWhereTheTimeGoes() throws {
    let folder = try TemporaryFolder()
    let arguments = [
      "benchmark", "convnet", "--batch-size", "16", "--steps", "30", "--rates", "100,50,10", "--threads", "1",
    ]
    let objects = try CommandRunner.run(arguments + ["--layers", "--json"], in: folder).objects()
    let steps = objects.filter { $0["event"] == "step" }
    #expect(
      steps.first?.members?.map(\.key) == [
        "event", "system", "name", "layer", "milliseconds", "gflops", "flops", "bytes", "phase",
        "floor_milliseconds", "memory_milliseconds",
      ])
    for layer in ["Conv1", "Conv2", "FC1", "Logits"] {
      #expect(
        steps.contains { $0["layer"]?.stringValue == layer && ($0["milliseconds"]?.doubleValue ?? 0) > 0 })
    }
    // 10^9 operations a second that each algorithm can reach, by the rates given.
    for (name, algorithm, rate) in [
      ("conv 3x3", "winograd", 100.0), ("conv_kernel_gradient", "sparse", 200), ("conv 3x3", "tiny", 50),
      ("conv_kernel_gradient", "tiny", 200), ("matmul_nn", "", 50),
    ] {
      let step = try #require(
        steps.first {
          let text = $0["name"]?.stringValue ?? ""
          return text.contains(name) && (algorithm.isEmpty || text.hasSuffix("[\(algorithm)]"))
        }, "\(name) \(algorithm)")
      let floor = try #require(step["floor_milliseconds"]?.doubleValue)
      #expect(
        abs(floor * rate * 1e6 / Double(step["flops"]?.intValue ?? 0) - 1) < 1e-9, "\(name) \(algorithm)")
    }
    let refused = try CommandRunner.run(["benchmark", "convnet", "--rates", "100,50"], in: folder)
    #expect(refused.status == 64 && refused.errors.contains("three numbers above 0"))
    let flops = steps.compactMap { $0["flops"]?.intValue }.reduce(0, +)
    let row = try #require(objects.first { $0["event"] == "row" })
    let (rate, time) = (row["gflops"]?.doubleValue ?? 0, row["milliseconds"]?.doubleValue ?? 0)
    #expect(abs(Double(flops) - rate * time * 1e6) < 1e-6 * Double(flops), "every step is counted once")
    let text = try CommandRunner.run(arguments + ["--layers"], in: folder)
    #expect(text.output.contains("Of peak") && text.output.contains("Conv2: conv_kernel_gradient 3x3"))
    let predictions = try CommandRunner.run(arguments + ["--layers", "--mode", "inference"], in: folder)
    #expect(predictions.output.contains("Conv2: conv 3x3") && !predictions.output.contains("gradient"))
  }

  /// Networks that no data set fits and a single image are timed too.
  @Test func benchmarkPredictsWithOtherNetworks() throws {
    let folder = try TemporaryFolder()
    let rows = try CommandRunner.run(
      ["benchmark", "odd", "--mode", "inference", "--steps", "21", "--rates", "100,50,10", "--json"],
      in: folder
    ).objects()
    #expect(rows.compactMap { $0["batch"]?.intValue } == [256, 1])
    #expect(rows.dropLast().allSatisfy { ($0["images_per_second"]?.doubleValue ?? 0) > 0 })
    let unknown = try CommandRunner.run(["benchmark", "vgg-lik"], in: folder)
    #expect(unknown.status == 64 && unknown.errors.contains("did you mean vgg-like?"))
  }
}
