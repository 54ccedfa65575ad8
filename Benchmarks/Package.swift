// swift-tools-version: 6.2
import PackageDescription

/// Speed of single parts, in a package of its own: what the library needs does not grow by it.
let package = Package(
    name: "benchmarks",
    dependencies: [.package(name: "netspectra", path: "..")],
    targets: [
        .executableTarget(
            name: "SketchSpeed", dependencies: [.product(name: "Sketches", package: "netspectra")],
            swiftSettings: [.swiftLanguageMode(.v6), .strictMemorySafety(), .treatAllWarnings(as: .error)])
    ]
)
