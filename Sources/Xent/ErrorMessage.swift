import XentKernelInterface
import XentPlatform

/// Text written into a fixed buffer, cut where the buffer ends, counted to its full length.
struct MessageWriter {
  let buffer: UnsafeMutableBufferPointer<UInt8>
  private(set) var length = 0

  init(_ buffer: UnsafeMutableBufferPointer<UInt8>) { self.buffer = buffer }

  mutating func write(byte: UInt8) {
    if length < buffer.count { buffer[length] = byte }
    length += 1
  }

  mutating func write(_ text: StaticString) {
    for index in 0..<text.utf8CodeUnitCount { write(byte: text.utf8Start[index]) }
  }

  mutating func write(_ value: Int64) {
    if value < 0 { write("-") }
    writeDigits(value.magnitude)
  }

  private mutating func writeDigits(_ value: UInt64) {
    if value >= 10 { writeDigits(value / 10) }
    write(byte: UInt8(truncatingIfNeeded: 48 + value % 10))
  }

  mutating func write(_ value: Double) {
    var digits: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    withUnsafeMutableBytes(of: &digits) { bytes in
      let text = bytes.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: CChar.self)
      let count = Int(platform_format_double(text, bytes.count, value))
      for index in 0..<max(0, min(count, bytes.count - 1)) { write(byte: bytes[index]) }
    }
  }

  /// `name[1, 2]`: the flat index in the shape's own terms.
  mutating func write(_ name: StaticString, at flatIndex: Int, shape: ArrayView?) {
    write(name)
    write("[")
    if let shape, shape.rank > 1 {
      var size = 1
      for axis in 0..<shape.rank { size *= Int(shape.extent(axis)) }
      var rest = flatIndex
      for axis in 0..<shape.rank {
        size /= Int(shape.extent(axis))
        if axis > 0 { write(", ") }
        write(Int64(rest / size))
        rest %= size
      }
    } else {
      write(Int64(flatIndex))
    }
    write("]")
  }
}

extension XentError {
  /// Writes one sentence. With the views of the call an index is written in their shape, else flat.
  func write(to message: inout MessageWriter, yTrue: ArrayView? = nil, yPred: ArrayView? = nil) {
    switch self {
    case .null(let argument):
      message.write(argument.name)
      message.write(" is NULL")
    case .shape(let argument, let fault):
      fault.write(argument.name, to: &message)
    case .elementType(let argument, let rawType):
      message.write(argument.name)
      message.write(" has element type ")
      if let type = ElementType(rawValue: rawType) { message.write(type.name) } else { message.write(Int64(rawType)) }
      message.write(argument.expectedType)
    case .option(let option, let value, let fault):
      fault.write(option, value, to: &message)
    case .structSize(let argument, let size):
      message.write(argument.name)
      message.write(".struct_size is ")
      message.write(Int64(size))
      message.write(", which this version of the library does not know")
    case .label(let index, let value, let classes):
      message.write("labels", at: index, shape: yTrue)
      message.write(" is ")
      message.write(value)
      message.write(", outside [0, ")
      message.write(Int64(classes))
      message.write(")")
    case .probability(let index, let value, let input):
      message.write("y_pred", at: index, shape: yPred)
      message.write(" is ")
      message.write(value)
      message.write(
        input == .probabilities
          ? ", expected a probability in [0, 1] (are these logits?)"
          : ", expected a log-probability, which is at most 0 (are these logits?)")
    case .target(let index, let value):
      message.write("y_true", at: index, shape: yTrue)
      message.write(" is ")
      message.write(value)
      message.write(", no target: binary targets are in [0, 1], entries of a distribution >= 0 and finite")
    case .weight(let option, let index, let value):
      message.write(option.name, at: index, shape: nil)
      message.write(" is ")
      message.write(value)
      message.write(", expected a finite number")
    case .overlap(let first, let second) where first == second:
      message.write("elements of ")
      message.write(first.name)
      message.write(" overlap one another")
    case .overlap(let first, let second):
      message.write("the memory of ")
      message.write(first.name)
      message.write(" overlaps that of ")
      message.write(second.name)
    case .memory:
      message.write("not enough memory")
    }
  }
}

extension XentError: CustomStringConvertible {
  /// What is wrong, as one English sentence without an end mark: "labels[17] is 12, outside [0, 10)".
  public var description: String {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 256) { buffer in
      var message = MessageWriter(buffer)
      write(to: &message)
      return String(decoding: buffer[..<min(message.length, buffer.count)], as: UTF8.self)
    }
  }
}

extension ShapeFault {
  fileprivate func write(_ name: StaticString, to message: inout MessageWriter) {
    message.write(name)
    switch self {
    case .rank(let found, let expected):
      message.write(" has ")
      message.write(Int64(found))
      message.write(" dimensions, expected ")
      message.write(Int64(expected))
    case .rankAbove(let found, let limit):
      message.write(" has ")
      message.write(Int64(found))
      message.write(" dimensions, expected at most ")
      message.write(Int64(limit))
    case .negativeRank(let found):
      message.write(" has ")
      message.write(Int64(found))
      message.write(" dimensions, expected at least 0")
    case .floatingLabels:
      message.write(" has the shape of labels, but labels are of an integer type")
    case .negativeExtent(let axis, let value):
      message.write(".shape[")
      message.write(Int64(axis))
      message.write("] is ")
      message.write(value)
      message.write(", which is negative")
    case .extent(let axis, let found, let expected):
      message.write(".shape[")
      message.write(Int64(axis))
      message.write("] is ")
      message.write(found)
      message.write(", expected ")
      message.write(expected)
    case .broadcastExtent(let axis, let found, let expected):
      message.write(".shape[")
      message.write(Int64(axis))
      message.write("] is ")
      message.write(found)
      message.write(", expected 1")
      if expected != 1 {
        message.write(" or ")
        message.write(expected)
      }
    case .tooLarge:
      message.write(" reaches further than memory can hold")
    case .zeroClasses:
      message.write(" has 0 classes")
    case .noClassAxis:
      message.write(" has no dimensions, but needs one for the classes")
    case .elementCount(let found, let expected):
      message.write(" has ")
      message.write(Int64(found))
      message.write(" elements, expected ")
      message.write(Int64(expected))
    }
  }
}

extension OptionFault {
  fileprivate func write(_ option: OptionName, _ value: Double, to message: inout MessageWriter) {
    message.write(option.name)
    if option.isGivenOrAbsent {
      message.write(" is given")
    } else if self != .range, let word = option.enumerator(value) {
      message.write(" is ")
      message.write(word)
    } else {
      message.write(" is ")
      message.write(value)
    }
    switch self {
    case .range:
      message.write(", expected ")
      message.write(option.range)
    case .meaningless:
      message.write(", which has no meaning here: it is for ")
      message.write(option.use)
    case .excluded(let other):
      message.write(", which cannot be combined with ")
      message.write(other.name)
    case .notLastAxis:
      message.write(", but the classes of contiguous arrays lie along the last axis: expected -1 or 1")
    }
  }
}
