import Xent
import XentHeader

// The functions of contiguous arrays: one line each over the pointer forms.

@c @implementation
public func xent_binary_f32(
  _ y_true: UnsafePointer<Float>!, _ y_pred: UnsafePointer<Float>!, _ count: Int,
  _ options: UnsafePointer<xent_options>!, _ loss: UnsafeMutablePointer<Float>!,
  _ gradient: UnsafeMutablePointer<Float>!
) -> xent_status {
  binary(y_true, y_pred, .float32, count, options, loss, gradient)
}

@c @implementation
public func xent_binary_f64(
  _ y_true: UnsafePointer<Double>!, _ y_pred: UnsafePointer<Double>!, _ count: Int,
  _ options: UnsafePointer<xent_options>!, _ loss: UnsafeMutablePointer<Double>!,
  _ gradient: UnsafeMutablePointer<Double>!
) -> xent_status {
  binary(y_true, y_pred, .float64, count, options, loss, gradient)
}

@c @implementation
public func xent_categorical_f32(
  _ y_true: UnsafePointer<Float>!, _ y_pred: UnsafePointer<Float>!, _ rows: Int, _ classes: Int,
  _ options: UnsafePointer<xent_options>!, _ loss: UnsafeMutablePointer<Float>!,
  _ gradient: UnsafeMutablePointer<Float>!
) -> xent_status {
  categorical(y_true, .float32, y_pred, .float32, rows, classes, options, loss, gradient)
}

@c @implementation
public func xent_categorical_f64(
  _ y_true: UnsafePointer<Double>!, _ y_pred: UnsafePointer<Double>!, _ rows: Int, _ classes: Int,
  _ options: UnsafePointer<xent_options>!, _ loss: UnsafeMutablePointer<Double>!,
  _ gradient: UnsafeMutablePointer<Double>!
) -> xent_status {
  categorical(y_true, .float64, y_pred, .float64, rows, classes, options, loss, gradient)
}

@c @implementation
public func xent_sparse_categorical_f32(
  _ labels: UnsafePointer<Int64>!, _ y_pred: UnsafePointer<Float>!, _ rows: Int, _ classes: Int,
  _ options: UnsafePointer<xent_options>!, _ loss: UnsafeMutablePointer<Float>!,
  _ gradient: UnsafeMutablePointer<Float>!
) -> xent_status {
  categorical(labels, .int64, y_pred, .float32, rows, classes, options, loss, gradient)
}

@c @implementation
public func xent_sparse_categorical_f64(
  _ labels: UnsafePointer<Int64>!, _ y_pred: UnsafePointer<Double>!, _ rows: Int, _ classes: Int,
  _ options: UnsafePointer<xent_options>!, _ loss: UnsafeMutablePointer<Double>!,
  _ gradient: UnsafeMutablePointer<Double>!
) -> xent_status {
  categorical(labels, .int64, y_pred, .float64, rows, classes, options, loss, gradient)
}

@c @implementation
public func xent_gradient_descent_f32(
  _ theta: UnsafeMutablePointer<Float>!, _ gradient: UnsafePointer<Float>!, _ count: Int, _ learning_rate: Double
) -> xent_status {
  descend(theta, gradient, .float32, count, learning_rate)
}

@c @implementation
public func xent_gradient_descent_f64(
  _ theta: UnsafeMutablePointer<Double>!, _ gradient: UnsafePointer<Double>!, _ count: Int, _ learning_rate: Double
) -> xent_status {
  descend(theta, gradient, .float64, count, learning_rate)
}

private func binary(
  _ yTrue: UnsafeRawPointer?, _ yPred: UnsafeRawPointer?, _ type: ElementType, _ count: Int,
  _ options: UnsafePointer<xent_options>?, _ loss: UnsafeMutableRawPointer?, _ gradient: UnsafeMutableRawPointer?
) -> xent_status {
  status { () throws(XentError) in
    try requireSize(count)
    try binaryCrossEntropy(
      yTrue: yTrue, yPred: yPred, elementType: type, count: count, options: Options(options), loss: loss,
      gradient: gradient)
  }
}

private func categorical(
  _ yTrue: UnsafeRawPointer?, _ targetType: ElementType, _ yPred: UnsafeRawPointer?, _ type: ElementType,
  _ rows: Int, _ classes: Int, _ options: UnsafePointer<xent_options>?, _ loss: UnsafeMutableRawPointer?,
  _ gradient: UnsafeMutableRawPointer?
) -> xent_status {
  status { () throws(XentError) in
    try requireSize(rows)
    try requireSize(classes)
    try categoricalCrossEntropy(
      yTrue: yTrue, targetType: targetType, yPred: yPred, elementType: type, rows: rows, classes: classes,
      options: Options(options), loss: loss, gradient: gradient)
  }
}

private func descend(
  _ theta: UnsafeMutableRawPointer?, _ gradient: UnsafeRawPointer?, _ type: ElementType, _ count: Int,
  _ rate: Double
) -> xent_status {
  status { () throws(XentError) in
    try requireSize(count)
    try gradientDescent(theta: theta, gradient: gradient, elementType: type, count: count, learningRate: rate)
  }
}

/// A size_t arrives as a signed integer; one beyond its range as a negative one.
private func requireSize(_ size: Int) throws(XentError) {
  if size < 0 { throw .shape(.yPred, .tooLarge) }
}
