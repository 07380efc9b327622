// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "digits",
    dependencies: [
        // The name is given because a path's own would be that of the folder the repository was cloned to.
        .package(name: "xent", path: "../../..")
    ],
    targets: [
        .executableTarget(name: "train", dependencies: [.product(name: "Xent", package: "xent")])
    ]
)
