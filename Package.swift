// swift-tools-version: 6.2
import PackageDescription

// The kernels are compiled once per instruction set, from the same files through symbolic links. A program can have only one
// module of a name, so that all of these say whose they are.
#if arch(x86_64)
  let instructionSets = [
    "KernelsAVX2": ["-Xcc", "-march=x86-64-v3"],
    "KernelsAVX512": ["-Xcc", "-march=x86-64-v4"],
  ]
#else
  let instructionSets: [String: [String]] = [:]
#endif

// Kernels check nothing: all that they are given has been validated.
func kernels(_ folder: String, _ flags: [String]) -> Target {
  .target(
    name: "Xent" + folder, dependencies: ["XentKernelInterface", "XentPlatform"], path: "Sources/" + folder,
    swiftSettings: [.unsafeFlags(["-Ounchecked", "-wmo", "-num-threads", "2"] + flags)])
}

let wideKernels = instructionSets.keys.sorted()
let kernelModules = (["Kernels"] + wideKernels).map { Target.Dependency(stringLiteral: "Xent" + $0) }

let package = Package(
  name: "xent",
  products: [.library(name: "Xent", targets: ["Xent"])],
  targets: [
    .systemLibrary(name: "XentPlatform", path: "Sources/Platform"),
    .target(name: "XentKernelInterface", dependencies: ["XentPlatform"], path: "Sources/KernelInterface"),
    kernels("Kernels", []),
    .target(
      name: "Xent", dependencies: ["XentKernelInterface", "XentPlatform"] + kernelModules,
      linkerSettings: [.linkedLibrary("m")]),
    .systemLibrary(name: "XentHeader"),
    .target(
      name: "XentC", dependencies: ["Xent", "XentHeader"],
      exclude: ["exports.map", "oldest_symbols.map", "xent.pc.in"]),
    .testTarget(name: "XentTests", dependencies: ["Xent", "XentC", "XentHeader"]),
  ] + wideKernels.map { kernels($0, instructionSets[$0]!) }
)
