import XentKernelInterface
import XentPlatform

// The 16-bit types: widened to float32, which holds all their values, and rounded once to them from float32.

/// The bits of a 16-bit type as lanes of float32 and back.
protocol ShortFloat {
  static var type: ElementType { get }
  static func widen(_ bits: SIMD16<UInt16>) -> SIMD16<Float>
  static func round(_ values: SIMD16<Float>) -> SIMD16<UInt16>
  static func widen(_ bits: UInt16) -> Float
  static func round(_ value: Float) -> UInt16
}

enum Half: ShortFloat {
  @inline(__always) static var type: ElementType { .float16 }
  @inline(__always) static func widen(_ bits: SIMD16<UInt16>) -> SIMD16<Float> { half_widen(bits) }
  @inline(__always) static func round(_ values: SIMD16<Float>) -> SIMD16<UInt16> { half_round(values) }
  @inline(__always) static func widen(_ bits: UInt16) -> Float { halfValue(bits) }
  @inline(__always) static func round(_ value: Float) -> UInt16 { halfBits(value) }
}

enum BrainFloat: ShortFloat {
  @inline(__always) static var type: ElementType { .bfloat16 }
  @inline(__always) static func widen(_ bits: SIMD16<UInt16>) -> SIMD16<Float> { brain_widen(bits) }
  @inline(__always) static func round(_ values: SIMD16<Float>) -> SIMD16<UInt16> { brain_round(values) }
  @inline(__always) static func widen(_ bits: UInt16) -> Float { brainValue(bits) }
  @inline(__always) static func round(_ value: Float) -> UInt16 { brainBits(value) }
}

/// A 16-bit type computed in float32.
enum ShortElement<Short: ShortFloat>: Element {
  typealias Compute = Float32Lanes
  typealias Kept = Float32Element
  @inline(__always) static var type: ElementType { Short.type }

  @inline(__always) static func load(_ array: UnsafeRawPointer, _ index: Int) -> Float32Lanes {
    Float32Lanes(Short.widen(array.loadUnaligned(fromByteOffset: index &* 2, as: SIMD16<UInt16>.self)))
  }
  @inline(__always) static func store(_ lanes: Float32Lanes, _ array: UnsafeMutableRawPointer, _ index: Int) {
    array.storeBytes(of: Short.round(lanes.vector), toByteOffset: index &* 2, as: SIMD16<UInt16>.self)
  }
  @inline(__always) static func loadOne(_ array: UnsafeRawPointer, _ index: Int) -> Double {
    Double(Short.widen(array.loadUnaligned(fromByteOffset: index &* 2, as: UInt16.self)))
  }
  @inline(__always) static func storeOne(_ value: Double, _ array: UnsafeMutableRawPointer, _ index: Int) {
    array.storeBytes(of: Short.round(Float(value)), toByteOffset: index &* 2, as: UInt16.self)
  }
}

/// A 16-bit type computed in float64, and rounded by way of float32.
enum ShortAsFloat64Element<Short: ShortFloat>: Element {
  typealias Compute = Float64Lanes
  @inline(__always) static var type: ElementType { Short.type }

  @inline(__always) static func load(_ array: UnsafeRawPointer, _ index: Int) -> Float64Lanes {
    let bits = array.loadUnaligned(fromByteOffset: index &* 2, as: SIMD8<UInt16>.self)
    let wide = Short.widen(SIMD16(lowHalf: bits, highHalf: SIMD8(repeating: 0)))
    return Float64Lanes(f64x8_widen(wide.lowHalf))
  }
  @inline(__always) static func store(_ lanes: Float64Lanes, _ array: UnsafeMutableRawPointer, _ index: Int) {
    let narrow = f32x8_narrow(lanes.vector)
    let bits = Short.round(SIMD16(lowHalf: narrow, highHalf: SIMD8(repeating: 0))).lowHalf
    array.storeBytes(of: bits, toByteOffset: index &* 2, as: SIMD8<UInt16>.self)
  }
  @inline(__always) static func loadOne(_ array: UnsafeRawPointer, _ index: Int) -> Double {
    ShortElement<Short>.loadOne(array, index)
  }
  @inline(__always) static func storeOne(_ value: Double, _ array: UnsafeMutableRawPointer, _ index: Int) {
    ShortElement<Short>.storeOne(value, array, index)
  }
}

typealias Float16Element = ShortElement<Half>
typealias BFloat16Element = ShortElement<BrainFloat>
typealias Float16AsFloat64Element = ShortAsFloat64Element<Half>
typealias BFloat16AsFloat64Element = ShortAsFloat64Element<BrainFloat>
