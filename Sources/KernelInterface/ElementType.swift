/// The type of an array's elements. The raw values are those of `xent_type`.
public enum ElementType: Int32, Sendable {
  /// `Float`.
  case float32
  /// `Double`.
  case float64
  /// IEEE 754 binary16, `Float16` where Swift has it.
  case float16
  /// The upper half of a `Float`.
  case bfloat16
  /// `Int8`.
  case int8
  /// `Int16`.
  case int16
  /// `Int32`.
  case int32
  /// `Int64`.
  case int64
  /// `UInt8`.
  case uint8
  /// `UInt16`.
  case uint16
  /// `UInt32`.
  case uint32

  /// Whether it is one of the four floating types.
  @inlinable public var isFloatingPoint: Bool { rawValue <= ElementType.bfloat16.rawValue }

  /// As the compiler's own, but one comparison: that of a type with raw values looks both up.
  @inlinable @inline(__always) public static func == (a: ElementType, b: ElementType) -> Bool {
    unsafeBitCast(a, to: UInt8.self) == unsafeBitCast(b, to: UInt8.self)
  }

  /// Bytes an element takes.
  @inlinable public var size: Int {
    switch self {
    case .int8, .uint8: 1
    case .float16, .bfloat16, .int16, .uint16: 2
    case .float32, .int32, .uint32: 4
    case .float64, .int64: 8
    }
  }

  /// Label `index` of an array of this type, which must be an integer type.
  @inlinable @inline(__always)
  public func label(_ array: UnsafeRawPointer, _ index: Int) -> Int64 {
    switch self {
    case .int64: array.loadUnaligned(fromByteOffset: index &* 8, as: Int64.self)
    case .int32: Int64(array.loadUnaligned(fromByteOffset: index &* 4, as: Int32.self))
    case .uint32: Int64(array.loadUnaligned(fromByteOffset: index &* 4, as: UInt32.self))
    case .int16: Int64(array.loadUnaligned(fromByteOffset: index &* 2, as: Int16.self))
    case .uint16: Int64(array.loadUnaligned(fromByteOffset: index &* 2, as: UInt16.self))
    case .int8: Int64(array.loadUnaligned(fromByteOffset: index, as: Int8.self))
    case .uint8: Int64(array.loadUnaligned(fromByteOffset: index, as: UInt8.self))
    case .float32, .float64, .float16, .bfloat16: -1
    }
  }

  /// Element `index` of an array of this type, which must be a floating type.
  @inlinable public func value(_ array: UnsafeRawPointer, _ index: Int) -> Double {
    switch self {
    case .float64: array.loadUnaligned(fromByteOffset: index &* 8, as: Double.self)
    case .float32: Double(array.loadUnaligned(fromByteOffset: index &* 4, as: Float.self))
    case .float16: Double(halfValue(array.loadUnaligned(fromByteOffset: index &* 2, as: UInt16.self)))
    case .bfloat16: Double(brainValue(array.loadUnaligned(fromByteOffset: index &* 2, as: UInt16.self)))
    default: .nan
    }
  }

  /// Rounds a value to element `index` of an array of this type, which must be a floating type. To the 16-bit types it goes
  /// by way of float32.
  @inlinable public func store(_ value: Double, _ array: UnsafeMutableRawPointer, _ index: Int) {
    switch self {
    case .float64: array.storeBytes(of: value, toByteOffset: index &* 8, as: Double.self)
    case .float32: array.storeBytes(of: Float(value), toByteOffset: index &* 4, as: Float.self)
    case .float16: array.storeBytes(of: halfBits(Float(value)), toByteOffset: index &* 2, as: UInt16.self)
    case .bfloat16: array.storeBytes(of: brainBits(Float(value)), toByteOffset: index &* 2, as: UInt16.self)
    default: break
    }
  }
}

extension Double {
  /// The number, and the positive quiet NaN without a payload for every NaN, as results are stored.
  @inlinable public var withCanonicalNaN: Double { isNaN ? .nan : self }
}
