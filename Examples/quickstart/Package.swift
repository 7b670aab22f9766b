// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "quickstart",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "martlet", path: "../..")],
  targets: [
    .executableTarget(name: "quickstart", dependencies: [.product(name: "Martlet", package: "martlet")])
  ],
  swiftLanguageModes: [.v6]
)
