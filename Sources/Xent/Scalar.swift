import XentKernelInterface

/// The scalars that losses are computed from: `Float` and `Double`.
public protocol Scalar: BinaryFloatingPoint, Sendable {
  /// What describes an array of this type.
  static var elementType: ElementType { get }
}

extension Float: Scalar {
  public static var elementType: ElementType { .float32 }
}

extension Double: Scalar {
  public static var elementType: ElementType { .float64 }
}
