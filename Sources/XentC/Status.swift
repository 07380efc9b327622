import Xent
import XentHeader

extension XentError {
  var status: xent_status {
    switch self {
    case .null: XENT_ERROR_NULL
    case .shape: XENT_ERROR_SHAPE
    case .elementType: XENT_ERROR_TYPE
    case .option, .structSize, .weight: XENT_ERROR_OPTION
    case .label: XENT_ERROR_LABEL
    case .probability: XENT_ERROR_PROBABILITY
    case .target: XENT_ERROR_TARGET
    case .overlap: XENT_ERROR_OVERLAP
    case .memory: XENT_ERROR_MEMORY
    }
  }
}

/// The status of a call that throws.
@inline(__always) func status(_ call: () throws(XentError) -> Void) -> xent_status {
  do throws(XentError) {
    try call()
    return XENT_OK
  } catch {
    return error.status
  }
}

func cString(_ text: StaticString) -> UnsafePointer<CChar> {
  UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
}

@c @implementation
public func xent_status_string(_ status: xent_status) -> UnsafePointer<CChar>! {
  let text: StaticString =
    switch status {
    case XENT_OK: "success"
    case XENT_ERROR_NULL: "a required pointer is NULL"
    case XENT_ERROR_SHAPE: "shapes disagree, overflow, or have zero classes"
    case XENT_ERROR_TYPE: "an array has an element type that it cannot have"
    case XENT_ERROR_OPTION: "an option is out of its range or has no meaning for the call"
    case XENT_ERROR_LABEL: "a class index is outside [0, classes)"
    case XENT_ERROR_PROBABILITY: "a probability is outside [0, 1] or a log-probability above 0"
    case XENT_ERROR_TARGET: "a target is outside [0, 1], or an entry of a distribution negative or not finite"
    case XENT_ERROR_OVERLAP: "an output's memory overlaps another argument's"
    case XENT_ERROR_MEMORY: "not enough memory"
    default: "unknown status"
    }
  return cString(text)
}

@c @implementation
public func xent_version() -> UnsafePointer<CChar>! { xent_header_version() }

@c @implementation
public func xent_instruction_set() -> UnsafePointer<CChar>! { cString(InstructionSet.current.name) }
