// Cross-entropy from C++17, for a classifier whose logits lie class by class, as an image model gives them: build with
//
//     c++ -std=c++17 example.cpp -lxent -o example
#include <xent.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <vector>

// A view of a vector's elements in C order. xent reads and writes them where they are: the vector must outlive the view.
template <std::size_t Rank>
xent_array view(std::vector<float> &values, const std::array<std::int64_t, Rank> &shape) {
    return {values.data(), XENT_F32, static_cast<std::int32_t>(Rank), shape.data(), nullptr};
}

int main() {
    // Two classes for each of 2 x 3 pixels: logits of shape (classes, height, width), labels of shape (height, width).
    const std::array<std::int64_t, 3> shape = {2, 2, 3};
    const std::array<std::int64_t, 2> pixels = {2, 3};
    std::vector<float> logits = {2, 0, 1, -1, 3, 0, 0, 2, 1, 1, -3, 0};
    std::vector<std::uint8_t> labels = {0, 1, 0, 1, 0, 255}; // 255: not labelled
    std::vector<float> loss(6), gradient(logits.size());

    xent_array labels_view = {labels.data(), XENT_U8, 2, pixels.data(), nullptr};
    xent_array logits_view = view(logits, shape), loss_view = view(loss, pixels), gradient_view = view(gradient, shape);

    xent_options options = XENT_OPTIONS_INIT;
    options.input = XENT_LOGITS;
    options.axis = 0; // the classes come first
    options.reduction = XENT_NONE; // one loss a pixel
    options.has_ignore_index = 1;
    options.ignore_index = 255;

    xent_outputs outputs = XENT_OUTPUTS_INIT;
    outputs.loss = &loss_view;
    outputs.gradient = &gradient_view;
    if (xent_status status = xent_categorical(&labels_view, &logits_view, &options, &outputs); status != XENT_OK) {
        char message[200];
        xent_explain_categorical(&labels_view, &logits_view, &options, &outputs, message, sizeof message);
        throw std::runtime_error(message);
    }

    std::printf("mean loss %.6f over %ld of 6 pixels\n", outputs.loss_sum / outputs.weight_sum, static_cast<long>(outputs.count));
    for (float pixel : loss) std::printf("%.6f ", pixel);
    std::printf("\n");
}
