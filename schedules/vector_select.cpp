#include "schedules/vector_select.h"

namespace vit {

using namespace Halide;
using namespace Halide::Internal;

namespace {

class ConditionBroadcaster : public IRMutator {
    using IRMutator::visit;

    Expr visit(const Select *select) override {
        const Expr mutated = IRMutator::visit(select);
        const Select *op = mutated.as<Select>();
        if (!op || op->type.is_scalar()) {
            return mutated;
        }
        const Broadcast *broadcast = op->condition.as<Broadcast>();
        const Expr condition = broadcast ? broadcast->value : op->condition;
        if (condition.type().is_vector()) {
            return mutated;
        }
        // A comparison of vectors: a broadcast condition Halide would take for the scalar that it is.
        const Expr flag = Select::make(condition, Expr(1), Expr(0));
        const int lanes = op->type.lanes();
        return Select::make(Broadcast::make(flag, lanes) > Broadcast::make(0, lanes), op->true_value,
                            op->false_value);
    }
};

}  // namespace

void broadcast_conditions(Pipeline pipeline, const Target &target) {
    if (target.arch == Target::RISCV) {
        pipeline.add_custom_lowering_pass(new ConditionBroadcaster);
    }
}

}  // namespace vit
