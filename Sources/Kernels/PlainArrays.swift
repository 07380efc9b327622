import KernelInterface

extension LossTask {
  // The arrays as plain memory, for the kernels that need nothing else.
  @inline(__always) var predictionData: UnsafeRawPointer { UnsafeRawPointer(prediction.data.unsafelyUnwrapped) }
  @inline(__always) var targetData: UnsafeRawPointer { UnsafeRawPointer(target.data.unsafelyUnwrapped) }
}
