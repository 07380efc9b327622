import XentPlatform

/// Works with rounding to nearest, with subnormal numbers and without traps, whatever the caller's arithmetic is, and restores
/// that. So checks, results and messages are the same for every caller.
@inline(__always)
func withUsualArithmetic<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
  let arithmetic = platform_set_usual_arithmetic()
  defer { platform_restore_arithmetic(arithmetic) }
  return try body()
}
