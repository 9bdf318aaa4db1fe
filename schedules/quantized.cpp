#include "schedules/quantized.h"

namespace vit {

using namespace Halide;
using namespace dims;

void schedule_terms(Quantized &stage, Func consumer, const Var &at) {
    for (Func lanes : {stage.lane_highest, stage.lane_lowest}) {
        if (!lanes.defined()) continue;
        lanes.compute_at(consumer, at).vectorize(ci, stage.layout.lanes).unroll(ti);
        lanes.update().reorder(ci, ti, stage.chunks).vectorize(ci, stage.layout.lanes).unroll(ti);
    }
    for (Func all : {stage.highest, stage.lowest}) {
        if (!all.defined()) continue;
        all.compute_at(consumer, at).unroll(ti);
        all.update().reorder(stage.lane, ti).unroll(stage.lane).unroll(ti);
    }
    for (Func term : {stage.scale, stage.inverse, stage.offset}) {
        if (term.defined()) term.compute_at(consumer, at).unroll(ti);
    }
}

void schedule_values(Quantized &stage) {
    stage.q.vectorize(ci, stage.layout.lanes).unroll(ti).partition(chunk, Partition::Always);
}

}  // namespace vit
