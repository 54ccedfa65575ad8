// swift-tools-version: 6.2
import PackageDescription

/// Tests that compare with other implementations: a package of its own, so that neither the program nor its tests
/// depend on them. `make test-differential` runs it.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableExperimentalFeature("Lifetimes"),
]

let package = Package(
    name: "Differential",
    dependencies: [
        .package(name: "netspectra", path: ".."),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
    ],
    targets: [
        .testTarget(
            name: "NIOHPACKTests",
            dependencies: [
                .product(name: "AppProtocols", package: "netspectra"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
            ],
            swiftSettings: settings)
    ]
)
