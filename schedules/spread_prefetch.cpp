#include "schedules/spread_prefetch.h"

#include <algorithm>

namespace vit {

using namespace Halide;
using namespace Halide::Internal;

namespace {

// In a lowered statement "y.tile_in_task" is called "y.s0.tile.tile_in_task", and has ".rebased" behind it
// if Halide made it start at 0.
bool is_loop(const std::string &name, const std::string &wanted) {
    const std::size_t var = wanted.rfind('.');
    return starts_with(name, wanted.substr(0, var + 1)) &&
           (ends_with(name, wanted.substr(var)) || ends_with(name, wanted.substr(var) + ".rebased"));
}

using Bindings = std::vector<std::pair<std::string, Expr>>;

Expr resolve(Expr e, const Bindings &bindings) {
    for (auto binding = bindings.rbegin(); binding != bindings.rend(); ++binding) {
        e = substitute(binding->first, binding->second, e);
    }
    return e;
}

// Where a statement reads a buffer first, when all loops in it begin.
class FirstLoad : public IRVisitor {
public:
    explicit FirstLoad(const std::string &its_buffer) : buffer(its_buffer) {}
    Expr index;
    Type type;

private:
    using IRVisitor::visit;
    void visit(const Load *load) override {
        if (!index.defined() && load->name == buffer) {
            const Ramp *ramp = load->index.as<Ramp>();
            index = resolve(ramp ? ramp->base : load->index, bindings);
            type = load->type.element_of();
        }
        IRVisitor::visit(load);
    }
    void visit(const For *loop) override {
        bindings.emplace_back(loop->name, loop->min);
        IRVisitor::visit(loop);
        bindings.pop_back();
    }
    void visit(const LetStmt *let) override {
        bindings.emplace_back(let->name, let->value);
        IRVisitor::visit(let);
        bindings.pop_back();
    }
    const std::string &buffer;
    Bindings bindings;
};

class PrefetchInserter : public IRMutator {
public:
    explicit PrefetchInserter(const SpreadPrefetch &its_spread) : spread(its_spread) {}

private:
    using IRMutator::visit;

    Stmt visit(const For *loop) override {
        const auto is_it = [&](const std::string &name) { return is_loop(loop->name, name); };
        const bool is_between = std::any_of(spread.between.begin(), spread.between.end(), is_it);
        if (is_loop(loop->name, spread.loop)) {
            loops = {loop};
        } else if (is_between) {
            loops.push_back(loop);
            Stmt mutated = IRMutator::visit(loop);
            loops.pop_back();
            return mutated;
        } else if (is_loop(loop->name, spread.step)) {
            return with_prefetch(loop);
        }
        return IRMutator::visit(loop);
    }

    Stmt visit(const LetStmt *let) override {
        lets.emplace_back(let->name, let->value);
        Stmt mutated = IRMutator::visit(let);
        lets.pop_back();
        return mutated;
    }

    Stmt with_prefetch(const For *loop) {
        FirstLoad first(spread.buffer);
        loop->accept(&first);
        _halide_user_assert(!loops.empty() && first.index.defined())
            << "there is no loop " << spread.step << " in " << spread.loop << " that reads " << spread.buffer
            << "\n";
        const auto iteration = [](const For *l) { return Variable::make(Int(32), l->name) - l->min; };
        const Expr buffer = Variable::make(type_of<halide_buffer_t *>(), spread.buffer + ".buffer");
        const Expr block =
            Call::make(Int(32), Call::buffer_get_stride, {buffer, spread.dimension}, Call::Extern);
        const Expr present = resolve(first.index, lets);
        Expr steps = loops.front()->extent, step = iteration(loops.front());
        for (std::size_t i = 1; i <= loops.size(); i++) {
            const For *inner = i < loops.size() ? loops[i] : loop;
            steps = steps * inner->extent;
            step = step * inner->extent + iteration(inner);
        }
        const Expr share = (block + steps - 1) / steps;
        const Expr fetch =
            Call::make(first.type, Call::prefetch,
                       {Variable::make(Handle(), spread.buffer),
                        simplify(present + spread.distance * block + step * share), 1, 1},
                       Call::Intrinsic);
        return For::make(loop->name, loop->min, loop->extent, loop->for_type, loop->partition_policy,
                         loop->device_api, Block::make(Evaluate::make(fetch), loop->body));
    }

    const SpreadPrefetch spread;
    std::vector<const For *> loops;  // that the present statement is in: spread.loop and those between
    Bindings lets;  // around the statement that is visited
};

}  // namespace

void prefetch_spread(Pipeline pipeline, const SpreadPrefetch &spread) {
    pipeline.add_custom_lowering_pass(new PrefetchInserter(spread));
}

}  // namespace vit
