// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target is built the same way: Swift 6 mode, strict memory safety, and no warning survives.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableExperimentalFeature("Lifetimes"),
]

let package = Package(
    name: "netspectra",
    products: [
        .executable(name: "netspectra", targets: ["netspectra"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
    ],
    targets: [
        // The pure half: values in, values out. No files, sockets, clocks, threads or `unsafe`.
        .target(name: "Octets", swiftSettings: settings),
        .target(name: "Headers", dependencies: ["Octets"], swiftSettings: settings),
        .target(name: "CaptureFiles", dependencies: ["Octets"], swiftSettings: settings),
        .target(name: "Flows", dependencies: ["Headers"], swiftSettings: settings),

        .executableTarget(
            name: "netspectra",
            dependencies: [
                "Octets", "Headers", "CaptureFiles", "Flows",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),

        .testTarget(name: "OctetsTests", dependencies: ["Octets"], swiftSettings: settings),
        // Reads the work tree, not the targets: the rules of style.
        .testTarget(name: "TidyTests", swiftSettings: settings),
    ]
)
