// Preprocesses pictures for compare.py. A request on the standard input is a line of fields
//   width height channels row_stride  filter  height width shortest_edge longest_edge  crop_height
//   crop_width rescale_factor mean mean mean std std std
// (0 for a size, a crop, a rescale factor or a first std that is not asked for) and height x row_stride
// bytes. The answer is a line "width height" and 3 x height x width float32, or a line "error" with the
// sentence. Ends with the input.
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "runtime/backend/backend.h"
#include "runtime/backend/kernel_context.h"
#include "runtime/preprocess/preprocess_plan.h"

namespace {

struct Request {
    vit::ImageView image;
    vit::Preprocessing preprocessing;
};

bool read_request(Request &request, std::vector<std::uint8_t> &bytes) {
    vit::Preprocessing &p = request.preprocessing;
    int filter = 0;
    long stride = 0;
    const int fields =
        std::scanf("%d %d %d %ld %d %d %d %d %d %d %d %lf %lf %lf %lf %lf %lf %lf", &request.image.width,
                   &request.image.height, &request.image.channels, &stride, &filter, &p.height, &p.width,
                   &p.shortest_edge, &p.longest_edge, &p.crop_height, &p.crop_width, &p.rescale_factor,
                   &p.mean[0], &p.mean[1], &p.mean[2], &p.std[0], &p.std[1], &p.std[2]);
    if (fields != 18 || std::getchar() != '\n') {
        return false;
    }
    p.filter = static_cast<vit::Filter>(filter);
    p.resize = p.shortest_edge > 0 ? vit::Resize::shortest_edge
               : p.height > 0      ? vit::Resize::squash
                                   : vit::Resize::none;
    p.do_center_crop = p.crop_height > 0;
    p.do_rescale = p.rescale_factor != 0;
    p.do_normalize = p.std[0] != 0;
    bytes.resize(static_cast<std::size_t>(stride) * request.image.height);
    request.image.data = bytes.data();
    request.image.row_stride = stride;
    return std::fread(bytes.data(), 1, bytes.size(), stdin) == bytes.size();
}

}  // namespace

int main() {
    vit::install_halide_handlers();
    const auto backend = vit::choose_backend("");
    if (!backend) {
        std::fprintf(stderr, "%s\n", backend.error().message.c_str());
        return 1;
    }
    const auto kernels = vit::PreprocessKernels::find(**backend);
    if (!kernels) {
        std::fprintf(stderr, "%s\n", kernels.error().message.c_str());
        return 1;
    }
    vit::KernelContext context(2);
    std::vector<std::uint8_t> bytes;
    std::vector<float> pixels;
    Request request;
    while (read_request(request, bytes)) {
        auto plan = vit::plan_preprocess(request.preprocessing, request.image.width, request.image.height);
        vit::Result<void> done;
        if (plan) {
            pixels.assign(std::size_t{3} * plan->width * plan->height, -1.0f);
            done = vit::run_preprocess(*kernels, context, *plan, request.image, pixels.data());
        }
        if (!plan || !done) {
            std::printf("error %s\n", (plan ? done.error() : plan.error()).message.c_str());
        } else {
            std::printf("%d %d\n", plan->width, plan->height);
            std::fwrite(pixels.data(), sizeof(float), pixels.size(), stdout);
        }
        std::fflush(stdout);
    }
    return std::feof(stdin) ? 0 : 1;
}
