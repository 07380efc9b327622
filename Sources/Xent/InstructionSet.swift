import XentKernelInterface
import XentKernels
import XentPlatform

#if arch(x86_64)
  import XentKernelsAVX2
  import XentKernelsAVX512
#endif

/// The sets of processor instructions that the kernels are compiled for, each containing the ones before it.
public enum InstructionSet: Int32, Sendable {
  /// What every processor of the architecture has; on x86-64 that is SSE2.
  case baseline
  /// x86-64-v3: AVX2, FMA, F16C and BMI2.
  case avx2
  /// x86-64-v4: the AVX-512 of servers (F, BW, CD, DQ, VL).
  case avx512

  /// The name that XENT_INSTRUCTION_SET knows it by.
  public var name: StaticString {
    switch self {
    case .baseline: "baseline"
    case .avx2: "avx2"
    case .avx512: "avx512"
    }
  }

  /// The set in use: the largest that processor and operating system have, or less if the environment variable
  /// XENT_INSTRUCTION_SET names less. Chosen at the first call.
  public static var current: InstructionSet {
    if let chosen = InstructionSet(rawValue: platform_load_relaxed(&chosenSet)) { return chosen }
    let chosen = choose()
    // The environment is read at one time, the first call.
    _ = Options.environmentThreads
    platform_store_relaxed(&chosenSet, chosen.rawValue)
    return chosen
  }

  var kernels: KernelTable {
    #if arch(x86_64)
      switch self {
      case .baseline: XentKernels.kernelTable()
      case .avx2: XentKernelsAVX2.kernelTable()
      case .avx512: XentKernelsAVX512.kernelTable()
      }
    #else
      XentKernels.kernelTable()
    #endif
  }

  /// Gradient descent waits for memory, so that AVX-512 would gain nothing; and of two NaN the same code hands on the same one.
  var gradientDescent: DescentKernel {
    #if arch(x86_64)
      if self == .avx512 { return XentKernelsAVX2.kernelTable().gradientDescent }
    #endif
    return kernels.gradientDescent
  }

  private static func choose() -> InstructionSet {
    let available = self.available
    guard let wanted = platform_environment_instruction_set() else { return available }
    if isName(of: .baseline, wanted) { return .baseline }
    if isName(of: .avx2, wanted), available == .avx512 { return .avx2 }
    return available
  }

  private static func isName(of set: InstructionSet, _ text: UnsafePointer<CChar>) -> Bool {
    let name = set.name
    var index = 0
    while index < name.utf8CodeUnitCount {
      // A mismatch, the end of the text included, ends the reading.
      if UInt8(bitPattern: text[index]) != name.utf8Start[index] { return false }
      index += 1
    }
    return text[index] == 0
  }

  #if arch(x86_64)
    private static var available: InstructionSet {
      let basic = platform_cpuid(1, 0).ecx
      return largest(
        basic: basic, extended: platform_cpuid(7, 0).ebx, amd: platform_cpuid(0x8000_0001, 0).ecx,
        // Without OSXSAVE there is no instruction to ask with.
        saved: basic & 1 << 27 != 0 ? platform_saved_states() : 0)
    }

    /// The largest set whose x86-64 level, which its kernels are compiled for, is there in full: the features of the cpuid
    /// leaves 1 (ecx), 7 (ebx) and 0x80000001 (ecx), and the register states that the operating system saves (XCR0).
    static func largest(basic: UInt32, extended: UInt32, amd: UInt32, saved: UInt64) -> InstructionSet {
      // SSE3, SSSE3, FMA, CMPXCHG16B, SSE4.1, SSE4.2, MOVBE, POPCNT, OSXSAVE, AVX, F16C.
      let basicFeatures: UInt32 = 1 << 0 | 1 << 9 | 1 << 12 | 1 << 13 | 1 << 19 | 1 << 20 | 1 << 22 | 1 << 23
        | 1 << 27 | 1 << 28 | 1 << 29
      // BMI1, AVX2, BMI2.
      let avx2Features: UInt32 = 1 << 3 | 1 << 5 | 1 << 8
      // AVX-512 F, DQ, CD, BW, VL.
      let avx512Features: UInt32 = 1 << 16 | 1 << 17 | 1 << 28 | 1 << 30 | 1 << 31
      // LAHF and SAHF, LZCNT.
      let amdFeatures: UInt32 = 1 << 0 | 1 << 5
      // The SSE and AVX registers; for AVX-512 also the masks and the wide ones.
      let avx2States: UInt64 = 0x6
      let avx512States: UInt64 = 0xe6
      guard
        basic & basicFeatures == basicFeatures, extended & avx2Features == avx2Features,
        amd & amdFeatures == amdFeatures, saved & avx2States == avx2States
      else { return .baseline }
      return extended & avx512Features == avx512Features && saved & avx512States == avx512States ? .avx512 : .avx2
    }
  #else
    private static var available: InstructionSet { .baseline }
  #endif
}

/// Every thread that finds it unset computes the same value.
nonisolated(unsafe) private var chosenSet: Int32 = -1
