import Xent
import XentHeader

// Structs of callers that were compiled against another version's header, earlier or later.
//
// To add a field: put it at the struct's end in xent.h, with a default of all zero bytes, and add the struct's new size
// to `isVersion` below. The init functions go on writing the first version, because they cannot know the caller's: let
// the header give their names to inline functions that assign the initialisers. Tests/ABI/next_version.py does all this.

/// A C struct that begins with its size and grows at its end only.
protocol VersionedStruct {
  /// All bytes zero, which in every field behind the first version's is the default.
  init()
  static var firstSize: Int { get }
  /// Whether a version, from the first to this one, has this size (of 64-bit pointers).
  static func isVersion(size: Int) -> Bool
}

extension xent_options: VersionedStruct {
  static var firstSize: Int { 152 }
  static func isVersion(size: Int) -> Bool {
    switch size {
    case 152: true
    default: false
    }
  }
}

extension xent_outputs: VersionedStruct {
  static var firstSize: Int { 88 }
  static func isVersion(size: Int) -> Bool {
    switch size {
    case 88: true
    default: false
    }
  }
}

extension VersionedStruct {
  /// The caller's struct as one of this version; what an earlier one lacks is zero. A later one may set nothing that
  /// this version does not know. Reads no more bytes than the caller's struct has.
  @inline(__always) init(_ pointer: UnsafePointer<Self>, _ argument: Argument) throws(XentError) {
    let size = UnsafeRawPointer(pointer).load(as: Int.self)
    guard Self.isVersion(size: size) || isZero(behind: pointer, size) else { throw .structSize(argument, size: size) }
    self = size >= MemoryLayout<Self>.size ? pointer.pointee : Self(earlier: pointer, size: size)
  }

  @inline(never) private init(earlier pointer: UnsafePointer<Self>, size: Int) {
    self.init()
    withUnsafeMutableBytes(of: &self) { $0.copyMemory(from: UnsafeRawBufferPointer(start: pointer, count: size)) }
  }

  /// Changes as much of the caller's struct as there is of it; `init(_:_:)` has accepted its size.
  @inline(__always) static func update(
    _ pointer: UnsafeMutablePointer<Self>, size: Int, _ change: (inout Self) -> Void
  ) {
    if size >= MemoryLayout<Self>.size {
      change(&pointer.pointee)
    } else {
      var value = Self(earlier: pointer, size: size)
      change(&value)
      value.copy(to: pointer, size: size)
    }
  }

  @inline(never) private func copy(to pointer: UnsafeMutablePointer<Self>, size: Int) {
    withUnsafeBytes(of: self) { UnsafeMutableRawPointer(pointer).copyMemory(from: $0.baseAddress!, byteCount: size) }
  }
}

/// A struct that is larger than this version's, but all zero behind it. An absurd size is that of an uninitialised
/// struct, not of a later version.
@inline(never) private func isZero<Struct>(behind pointer: UnsafePointer<Struct>, _ size: Int) -> Bool {
  let known = MemoryLayout<Struct>.size
  if size <= known || size > 1 << 16 { return false }
  let bytes = UnsafeRawPointer(pointer)
  for offset in known..<size where bytes.load(fromByteOffset: offset, as: UInt8.self) != 0 { return false }
  return true
}
