import XentKernelInterface

/// theta <- theta - learningRate * gradient, computed in float64 and rounded to theta's type.
///
/// - Parameters:
///   - theta: The parameters, changed in place.
///   - gradient: As many values; it must not overlap theta.
///   - elementType: The type of both, float32 or float64.
///   - count: The number of values of each, at least 0. With 0 the pointers may be nil.
///   - learningRate: Any finite number.
/// - Throws: `XentError`; nothing has been written then.
public func gradientDescent(
  theta: UnsafeMutableRawPointer?, gradient: UnsafeRawPointer?, elementType: ElementType, count: Int,
  learningRate: Double
) throws(XentError) {
  var shape = Int64(count)
  try withUnsafePointer(to: &shape) { (shape) throws(XentError) in
    let parameters = ArrayView(data: theta, elementType: elementType, rank: 1, shape: shape)
    let direction = ArrayView(
      data: UnsafeMutableRawPointer(mutating: gradient), elementType: elementType, rank: 1, shape: shape)
    let count = try parameters.validatedCount(.theta)
    try direction.validatedCount(.gradient)
    try parameters.requireComputable(.theta)
    if !learningRate.isFinite { throw .option(.learningRate, value: learningRate, .range) }
    try parameters.memory(count: count).requireApart(.theta, from: direction.memory(count: count), .gradient)
    if count > 0, let theta, let gradient {
      var task = DescentTask(
        elementType: elementType, theta: theta, gradient: gradient, learningRate: learningRate)
      withUsualArithmetic { InstructionSet.current.gradientDescent(&task, 0, count) }
    }
  }
}

/// theta <- theta - learningRate * gradient, computed in float64 and rounded to theta's type.
///
/// - Parameters:
///   - theta: The parameters, changed in place.
///   - gradient: As many values.
///   - learningRate: Any finite number.
/// - Throws: `XentError`: `.shape` where the counts differ, `.option` for a learning rate that is not finite,
///   `.overlap`. Nothing has been written then.
public func gradientDescent<Element: Scalar>(
  _ theta: inout MutableSpan<Element>, _ gradient: Span<Element>, learningRate: Double
) throws(XentError) {
  try require(gradient.count, theta.count, .gradient)
  let count = theta.count
  let gradientAddress = address(gradient)
  try theta.withUnsafeMutableBufferPointer { (theta) throws(XentError) in
    try gradientDescent(
      theta: UnsafeMutableRawPointer(theta.baseAddress), gradient: gradientAddress,
      elementType: Element.elementType, count: count, learningRate: learningRate)
  }
}

/// theta <- theta - learningRate * gradient, computed in float64 and rounded to theta's type.
///
/// - Parameters:
///   - theta: The parameters, changed in place.
///   - gradient: As many values.
///   - learningRate: Any finite number.
/// - Throws: `XentError`: `.shape` where the counts differ, `.option` for a learning rate that is not finite.
///   Nothing has been written then.
public func gradientDescent<Element: Scalar>(
  _ theta: inout [Element], _ gradient: [Element], learningRate: Double
) throws(XentError) {
  var span = theta.mutableSpan
  try gradientDescent(&span, gradient.span, learningRate: learningRate)
}
