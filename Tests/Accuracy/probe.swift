// The vector functions of Sources/Kernels as C functions over arrays, for measure.py, which compiles this file together
// with those sources once per instruction set. An argument is loaded and a result stored as the row kernels do it.

/// One or two arrays in, one out, through a vector function.
@inline(__always)
private func apply<E: Element>(
  _: E.Type, _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ count: Int,
  _ function: (E.Compute) -> E.Compute
) {
  var index = 0
  while index < count {
    let left = count &- index
    let lanes = E.load(input, index, count: left, end: count, fill: 0)
    E.store(function(lanes), output, index, count: left)
    index &+= E.Compute.count
  }
}

@inline(__always)
private func apply<E: Element>(
  _: E.Type, _ first: UnsafeRawPointer, _ second: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ count: Int,
  _ function: (E.Compute, E.Compute) -> E.Compute
) {
  var index = 0
  while index < count {
    let left = count &- index
    let a = E.load(first, index, count: left, end: count, fill: 1)
    let b = E.load(second, index, count: left, end: count, fill: 0)
    E.store(function(a, b), output, index, count: left)
    index &+= E.Compute.count
  }
}

/// Every vector function, for any element type.
private enum Probe<E: Element> {
  typealias Value = E.Compute
  typealias Input = UnsafeRawPointer
  typealias Output = UnsafeMutableRawPointer

  @inline(__always) static func exponentialOfNegative(_ x: Input, _ result: Output, _ count: Int) {
    apply(E.self, x, result, count) { Value.exponentialOfNegative($0) }
  }
  @inline(__always) static func complementOfExponential(_ x: Input, _ result: Output, _ count: Int) {
    apply(E.self, x, result, count) { Value.complementOfExponential($0).value }
  }
  @inline(__always) static func logarithm(_ x: Input, _ result: Output, _ count: Int) {
    apply(E.self, x, result, count) { Value.logarithm($0) }
  }
  @inline(__always) static func logarithmOnePlus(_ x: Input, _ result: Output, _ count: Int) {
    apply(E.self, x, result, count) { Value.logarithmOnePlus($0) }
  }
  @inline(__always)
  static func logarithmOfSum(_ x: Input, _ remainder: Input, _ result: Output, _ count: Int) {
    apply(E.self, x, remainder, result, count) { Value.logarithm($0, relative: $1 / $0) }
  }
  /// With the scale of a row that has this reference; the scale's base and shift, and how far above the reference x may
  /// be, are written to `scaleUsed`.
  @inline(__always)
  static func scaledExponential(
    _ x: Input, _ result: Output, _ count: Int, _ reference: Double, _ scaleUsed: UnsafeMutablePointer<Double>
  ) {
    let scale = ExponentialScale(reference: reference, Value.exponentialRange)
    scaleUsed[0] = scale.base
    scaleUsed[1] = scale.shift
    scaleUsed[2] = Value.exponentialRange.reach
    apply(E.self, x, result, count) { Value.scaledExponential($0, scale) }
  }
}

public typealias ProbeInput = UnsafeRawPointer
public typealias ProbeOutput = UnsafeMutableRawPointer

@_cdecl("probe_exponentialOfNegative_f32")
public func exponentialOfNegative32(_ x: ProbeInput, _ result: ProbeOutput, _ count: Int) {
  Probe<Float32Element>.exponentialOfNegative(x, result, count)
}
@_cdecl("probe_exponentialOfNegative_f64")
public func exponentialOfNegative64(_ x: ProbeInput, _ result: ProbeOutput, _ count: Int) {
  Probe<Float64Element>.exponentialOfNegative(x, result, count)
}

@_cdecl("probe_complementOfExponential_f32")
public func complementOfExponential32(_ x: ProbeInput, _ result: ProbeOutput, _ count: Int) {
  Probe<Float32Element>.complementOfExponential(x, result, count)
}
@_cdecl("probe_complementOfExponential_f64")
public func complementOfExponential64(_ x: ProbeInput, _ result: ProbeOutput, _ count: Int) {
  Probe<Float64Element>.complementOfExponential(x, result, count)
}

@_cdecl("probe_logarithm_f32")
public func logarithm32(_ x: ProbeInput, _ result: ProbeOutput, _ count: Int) {
  Probe<Float32Element>.logarithm(x, result, count)
}
@_cdecl("probe_logarithm_f64")
public func logarithm64(_ x: ProbeInput, _ result: ProbeOutput, _ count: Int) {
  Probe<Float64Element>.logarithm(x, result, count)
}

@_cdecl("probe_logarithmOnePlus_f32")
public func logarithmOnePlus32(_ x: ProbeInput, _ result: ProbeOutput, _ count: Int) {
  Probe<Float32Element>.logarithmOnePlus(x, result, count)
}
@_cdecl("probe_logarithmOnePlus_f64")
public func logarithmOnePlus64(_ x: ProbeInput, _ result: ProbeOutput, _ count: Int) {
  Probe<Float64Element>.logarithmOnePlus(x, result, count)
}

@_cdecl("probe_logarithmOfSum_f32")
public func logarithmOfSum32(_ x: ProbeInput, _ remainder: ProbeInput, _ result: ProbeOutput, _ count: Int) {
  Probe<Float32Element>.logarithmOfSum(x, remainder, result, count)
}
@_cdecl("probe_logarithmOfSum_f64")
public func logarithmOfSum64(_ x: ProbeInput, _ remainder: ProbeInput, _ result: ProbeOutput, _ count: Int) {
  Probe<Float64Element>.logarithmOfSum(x, remainder, result, count)
}

@_cdecl("probe_scaledExponential_f32")
public func scaledExponential32(
  _ x: ProbeInput, _ result: ProbeOutput, _ count: Int, _ reference: Double, _ scaleUsed: UnsafeMutablePointer<Double>
) {
  Probe<Float32Element>.scaledExponential(x, result, count, reference, scaleUsed)
}
@_cdecl("probe_scaledExponential_f64")
public func scaledExponential64(
  _ x: ProbeInput, _ result: ProbeOutput, _ count: Int, _ reference: Double, _ scaleUsed: UnsafeMutablePointer<Double>
) {
  Probe<Float64Element>.scaledExponential(x, result, count, reference, scaleUsed)
}
