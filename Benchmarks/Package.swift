// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "Benchmarks",
    dependencies: [.package(name: "netspectra", path: "..")],
    targets: [
        .executableTarget(
            name: "MessageParts",
            dependencies: ["AppProtocols", "Events", "KernelIO", "Octets", "Outputs", "Pipeline"].map {
                .product(name: $0, package: "netspectra")
            },
            swiftSettings: [
                .swiftLanguageMode(.v6), .strictMemorySafety(), .treatAllWarnings(as: .error),
                .enableExperimentalFeature("Lifetimes"),
            ])
    ]
)
