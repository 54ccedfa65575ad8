// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6), .strictMemorySafety(), .treatAllWarnings(as: .error),
    .enableExperimentalFeature("Lifetimes"),
]

func products(_ names: String...) -> [Target.Dependency] {
    names.map { .product(name: $0, package: "netspectra") }
}

/// Speed of single parts, in a package of its own: what the library needs does not grow by it.
let package = Package(
    name: "Benchmarks",
    dependencies: [.package(name: "netspectra", path: "..")],
    targets: [
        .executableTarget(
            name: "MessageParts",
            dependencies: products("AppProtocols", "Events", "KernelIO", "Octets", "Outputs", "Pipeline"),
            swiftSettings: settings),
        .executableTarget(
            name: "CaptureSpeed", dependencies: products("CaptureFiles", "Cryptography", "KernelIO", "Outputs", "TLS"),
            swiftSettings: settings),
        .executableTarget(name: "SketchSpeed", dependencies: products("Sketches"), swiftSettings: settings),
    ]
)
