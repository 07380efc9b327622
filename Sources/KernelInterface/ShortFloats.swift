// The 16-bit floating types one value at a time, by their bits: not every processor has instructions for them.

/// The float32 that an IEEE half-precision number is.
@inlinable public func halfValue(_ bits: UInt16) -> Float {
  let sign = UInt32(bits & 0x8000) &<< 16
  let rest = UInt32(bits & 0x7fff) &<< 13
  // The exponent field's bias is 112 smaller; the multiplication also makes subnormal numbers normal.
  let magnitude =
    bits & 0x7c00 == 0x7c00
    ? rest | 0x7f80_0000 : (Float(bitPattern: rest) * 0x1p112).bitPattern
  return Float(bitPattern: sign | magnitude)
}

/// The nearest IEEE half-precision number, ties to even.
@inlinable public func halfBits(_ value: Float) -> UInt16 {
  let sign = UInt16(truncatingIfNeeded: value.bitPattern &>> 16) & 0x8000
  let magnitude = value.bitPattern & 0x7fff_ffff
  if magnitude > 0x7f80_0000 { return sign | 0x7e00 | UInt16(truncatingIfNeeded: (magnitude &>> 13) & 0x1ff) }
  if magnitude >= 0x477f_f000 { return sign | 0x7c00 }
  if magnitude < 0x3880_0000 {
    // Subnormal: an addition that leaves the result in the low bits of the significand rounds as it should.
    let sum = Float(bitPattern: magnitude) + 0x1p-1
    return sign | UInt16(truncatingIfNeeded: sum.bitPattern &- 0x3f00_0000)
  }
  let isOdd = (magnitude &>> 13) & 1
  return sign | UInt16(truncatingIfNeeded: (magnitude &- 0x3800_0000 &+ 0xfff &+ isOdd) &>> 13)
}

/// The float32 that a bfloat16 is.
@inlinable public func brainValue(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) &<< 16) }

/// The nearest bfloat16, ties to even.
@inlinable public func brainBits(_ value: Float) -> UInt16 {
  let bits = value.bitPattern
  if value != value { return UInt16(truncatingIfNeeded: bits &>> 16) | 0x40 }
  return UInt16(truncatingIfNeeded: (bits &+ 0x7fff &+ ((bits &>> 16) & 1)) &>> 16)
}
