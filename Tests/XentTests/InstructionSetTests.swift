import Testing

@testable import Xent

#if arch(x86_64)
  /// What a processor with the x86-64-v4 level says of itself; each test takes something away.
  private struct Processor {
    // The levels' features by their bits in the processor manuals: leaf 1 ecx, leaf 7 ebx, leaf 0x80000001 ecx.
    static let basic: [(name: String, bit: UInt32)] = [
      ("SSE3", 0), ("SSSE3", 9), ("FMA", 12), ("CMPXCHG16B", 13), ("SSE4.1", 19), ("SSE4.2", 20), ("MOVBE", 22),
      ("POPCNT", 23), ("OSXSAVE", 27), ("AVX", 28), ("F16C", 29),
    ]
    static let extended: [(name: String, bit: UInt32)] = [("BMI1", 3), ("AVX2", 5), ("BMI2", 8)]
    static let wide: [(name: String, bit: UInt32)] = [
      ("AVX512F", 16), ("AVX512DQ", 17), ("AVX512CD", 28), ("AVX512BW", 30), ("AVX512VL", 31),
    ]
    static let amd: [(name: String, bit: UInt32)] = [("LAHF", 0), ("LZCNT", 5)]

    private static func word(_ features: [(name: String, bit: UInt32)]) -> UInt32 {
      features.reduce(0) { $0 | 1 << $1.bit }
    }

    var basic = word(Processor.basic)
    var extended = word(Processor.extended) | word(Processor.wide)
    var amd = word(Processor.amd)
    var saved: UInt64 = 0xe7

    var set: InstructionSet { .largest(basic: basic, extended: extended, amd: amd, saved: saved) }
  }

  @Suite struct InstructionSetTests {
    @Test func aWholeLevelIsTaken() {
      #expect(Processor().set == .avx512)
      #expect(Processor(basic: .max, extended: .max, amd: .max, saved: .max).set == .avx512)
      #expect(Processor(basic: 0, extended: 0, amd: 0, saved: 0).set == .baseline)
    }

    @Test func withoutAnyFeatureOfAVX2ThereIsTheBaseline() {
      for (name, bit) in Processor.basic {
        #expect(Processor(basic: Processor().basic & ~(1 << bit)).set == .baseline, "without \(name)")
        let others = Processor(basic: ~(1 << bit), extended: .max, amd: .max, saved: .max)
        #expect(others.set == .baseline, "\(name) alone missing")
      }
      for (name, bit) in Processor.extended {
        #expect(Processor(extended: Processor().extended & ~(1 << bit)).set == .baseline, "without \(name)")
      }
      for (name, bit) in Processor.amd {
        #expect(Processor(amd: Processor().amd & ~(1 << bit)).set == .baseline, "without \(name)")
      }
    }

    @Test func withoutAnyFeatureOfAVX512ThereIsAVX2() {
      for (name, bit) in Processor.wide {
        #expect(Processor(extended: Processor().extended & ~(1 << bit)).set == .avx2, "without \(name)")
      }
    }

    /// Bit 0 is the x87 registers', 1 those of SSE, 2 the upper halves of AVX, 5 to 7 the masks and the wide registers.
    @Test func statesThatTheOperatingSystemDoesNotSaveAreNotUsed() {
      for (bit, set) in [(1, .baseline), (2, .baseline), (5, .avx2), (6, .avx2), (7, .avx2)] as [(UInt64, InstructionSet)] {
        #expect(Processor(saved: 0xe7 & ~(1 << bit)).set == set, "without state \(bit)")
      }
      #expect(Processor(saved: 0).set == .baseline)
    }
  }
#endif
