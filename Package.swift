// swift-tools-version: 6.1
import PackageDescription

// Targets carry the prefix Martlet, their folders do not. Order and arrows: docs/architecture.md.

// One program for each system, as a user would write it, and one for each chapter of docs/tutorial;
// Examples/quickstart is a package of its own.
let examples = [
  "custom-cnn-mnist", "custom-cnn-cifar10", "alexnet-mnist", "alexnet-cifar10", "conv5x5-mnist",
  "conv5x5-regularized-mnist", "dense-fashion", "conv-fashion", "dense-cifar100-coarse",
  "conv-cifar100-coarse", "convnet-mnist-type", "convnet-mnist-functional", "convnet-mnist-loop",
  "attention-fashion", "tutorial-1", "tutorial-2", "tutorial-3", "tutorial-4", "tutorial-5",
]

let package = Package(
  name: "martlet",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "Martlet", targets: ["Martlet"]),
    .library(name: "MartletImages", targets: ["MartletImages"]),
    .library(name: "MartletReports", targets: ["MartletReports"]),
    .library(name: "MartletInterchange", targets: ["MartletInterchange"]),
    .library(name: "MartletKerasFiles", targets: ["MartletKerasFiles"]),
    .executable(name: "martlet", targets: ["MartletCommand"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
  ],
  targets: [
    .target(name: "MartletTensors", path: "Sources/Tensors"),
    .target(name: "MartletGraphs", dependencies: ["MartletTensors"], path: "Sources/Graphs"),
    .target(
      name: "MartletReference", dependencies: ["MartletGraphs", "MartletTensors"], path: "Sources/Reference"),
    .target(
      name: "MartletNetworks", dependencies: ["MartletGraphs", "MartletTensors"], path: "Sources/Networks"),
    .target(name: "MartletCompilation", dependencies: ["MartletGraphs"], path: "Sources/Compilation"),
    .target(name: "CMartletKernels", path: "Sources/CMartletKernels"),
    .target(
      name: "MartletCPU",
      dependencies: ["MartletCompilation", "MartletGraphs", "MartletTensors", "CMartletKernels"],
      path: "Sources/CPU"),
    .target(name: "CMartletZlib", path: "Sources/CMartletZlib", linkerSettings: [.linkedLibrary("z")]),
    .target(
      name: "MartletDatasets", dependencies: ["MartletTensors", "CMartletZlib"], path: "Sources/Datasets"),
    .target(
      name: "CMartletImages", path: "Sources/CMartletImages",
      linkerSettings: [.linkedLibrary("png"), .linkedLibrary("jpeg")]),
    .target(
      name: "MartletImages", dependencies: ["MartletDatasets", "MartletTensors", "CMartletImages"],
      path: "Sources/Images"),
    .target(name: "MartletRuns", dependencies: ["MartletTensors"], path: "Sources/Runs"),
    .target(
      name: "MartletTraining",
      dependencies: [
        "MartletNetworks", "MartletGraphs", "MartletCompilation", "MartletCPU", "MartletDatasets",
        "MartletRuns", "MartletTensors",
      ],
      path: "Sources/Training"),
    .systemLibrary(
      name: "CMartletCairo", path: "Sources/CMartletCairo", pkgConfig: "cairo",
      providers: [.apt(["libcairo2-dev"]), .brew(["cairo"])]),
    .target(
      name: "MartletReports",
      dependencies: [
        "MartletTraining", "MartletNetworks", "MartletDatasets", "MartletRuns", "MartletTensors",
        "CMartletCairo",
      ],
      path: "Sources/Reports"),
    .target(
      name: "MartletExperiments",
      dependencies: [
        "MartletTraining", "MartletReports", "MartletNetworks", "MartletGraphs", "MartletCPU",
        "MartletDatasets", "MartletImages", "MartletInterchange", "MartletRuns", "MartletTensors",
      ],
      path: "Sources/Experiments"),
    .target(
      name: "MartletInterchange",
      dependencies: ["MartletNetworks", "MartletGraphs", "MartletTensors", "CMartletZlib"],
      path: "Sources/Interchange"),
    .systemLibrary(
      name: "CMartletHDF5", path: "Sources/CMartletHDF5", pkgConfig: "hdf5",
      providers: [.apt(["libhdf5-dev"]), .brew(["hdf5"])]),
    .target(
      name: "MartletKerasFiles",
      dependencies: ["MartletInterchange", "MartletNetworks", "MartletTensors", "CMartletHDF5"],
      path: "Sources/KerasFiles"),
    .target(
      name: "Martlet",
      dependencies: [
        "MartletTensors", "MartletGraphs", "MartletNetworks", "MartletDatasets", "MartletTraining",
      ],
      path: "Sources/Martlet"),
    .executableTarget(
      name: "MartletCommand",
      dependencies: [
        "Martlet", "MartletExperiments", "MartletCPU", "MartletCompilation", "MartletDatasets",
        "MartletGraphs", "MartletImages", "MartletInterchange", "MartletKerasFiles", "MartletNetworks",
        "MartletReports", "MartletRuns", "MartletTensors", "MartletTraining",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Yams", package: "Yams"),
      ],
      path: "Sources/Command"),

    .target(
      name: "MartletCases", dependencies: ["MartletGraphs", "MartletReference", "MartletTensors"],
      path: "Tests/Cases"),
    .target(name: "MartletTestSupport", path: "Tests/Support"),
    .testTarget(
      name: "MartletTensorsTests", dependencies: ["MartletTensors", "MartletTestSupport"],
      path: "Tests/TensorsTests",
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "MartletGraphsTests",
      dependencies: ["MartletCases", "MartletGraphs", "MartletReference", "MartletTensors"],
      path: "Tests/GraphsTests"),
    .testTarget(
      name: "MartletReferenceTests",
      dependencies: ["MartletCases", "MartletGraphs", "MartletReference", "MartletTensors"],
      path: "Tests/ReferenceTests"),
    .testTarget(
      name: "MartletNetworksTests",
      dependencies: [
        "MartletCases", "MartletNetworks", "MartletGraphs", "MartletReference", "MartletTensors",
      ],
      path: "Tests/NetworksTests"),
    .testTarget(
      name: "MartletKernelsTests", dependencies: ["CMartletKernels", "MartletTensors"],
      path: "Tests/KernelsTests"),
    .testTarget(
      name: "MartletCPUTests",
      dependencies: [
        "MartletCPU", "MartletCompilation", "MartletCases", "MartletGraphs", "MartletNetworks",
        "MartletReference", "MartletTensors",
      ],
      path: "Tests/CPUTests"),
    .testTarget(
      name: "MartletDatasetsTests",
      dependencies: ["MartletDatasets", "MartletTensors", "MartletTestSupport", "CMartletZlib"],
      path: "Tests/DatasetsTests"),
    .testTarget(
      name: "MartletImagesTests",
      dependencies: ["MartletImages", "MartletDatasets", "MartletTensors", "MartletTestSupport"],
      path: "Tests/ImagesTests"),
    .testTarget(
      name: "MartletRunsTests", dependencies: ["MartletRuns", "MartletTensors", "MartletTestSupport"],
      path: "Tests/RunsTests"),
    .testTarget(
      name: "MartletReportsTests",
      dependencies: ["Martlet", "MartletReports", "MartletRuns", "MartletTensors", "MartletTestSupport"],
      path: "Tests/ReportsTests", exclude: ["Fixtures"]),
    .testTarget(
      name: "MartletTrainingTests",
      dependencies: [
        "Martlet", "MartletTraining", "MartletNetworks", "MartletGraphs", "MartletDatasets",
        "MartletReference", "MartletCases",
        "MartletRuns", "MartletTensors", "MartletTestSupport",
      ],
      path: "Tests/TrainingTests"),
    .testTarget(
      name: "MartletInterchangeTests",
      dependencies: [
        "MartletInterchange", "MartletKerasFiles", "MartletNetworks", "MartletGraphs", "MartletTraining",
        "MartletTensors", "MartletTestSupport",
      ],
      path: "Tests/InterchangeTests", exclude: ["Fixtures"]),
    .testTarget(
      name: "MartletExperimentsTests",
      dependencies: [
        "MartletExperiments", "MartletTraining", "MartletCPU", "MartletCompilation", "MartletDatasets",
        "MartletGraphs", "MartletNetworks", "MartletRuns", "MartletReports", "MartletTensors",
        "MartletTestSupport",
      ],
      path: "Tests/ExperimentsTests"),
    .testTarget(
      name: "MartletCommandTests",
      dependencies: ["MartletCommand", "MartletImages", "MartletTensors", "MartletRuns"],
      path: "Tests/CommandTests", exclude: ["Snapshots"]),
  ]
    + examples.map {
      .executableTarget(name: $0, dependencies: ["Martlet", "MartletReports"], path: "Examples/\($0)")
    },
  swiftLanguageModes: [.v6]
)
