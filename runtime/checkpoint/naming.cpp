#include "checkpoint/naming.h"

#include <algorithm>

#include "printable.h"

namespace vit {

namespace {

class Reader {
public:
    Reader(TensorFiles &files, const Naming &naming, Checkpoint &checkpoint, const ProgressPart &progress)
        : files_(files), naming_(naming), checkpoint_(checkpoint), a_(checkpoint.architecture),
          progress_(progress) {
        double total = 0;
        for (const auto &[name, tensor] : files.tensors()) total += static_cast<double>(tensor.data.size());
        progress_.expect(total);
    }

    Result<void> read() {
        VIT_TRY(check_depth());
        VIT_TRY(for_each_slot(a_, [this](Slot slot, int index, const TensorShape &shape) -> Result<void> {
            return take(slot, index, shape);
        }));
        VIT_TRY(check_biases());
        return files_.check_all_taken(naming_.ignorable);
    }

private:
    TensorFiles &files_;
    const Naming &naming_;
    Checkpoint &checkpoint_;
    const Architecture &a_;
    ProgressPart progress_;
    std::map<std::string, Tensor> whole_;  // of which parts are several slots

    static std::string at(const std::string &file) { return printable_path(file) + ": "; }

    const SlotName *find(Slot slot, int index) const {
        for (const SlotName &row : naming_.slots) {
            if (row.slot == slot && (row.index < 0 || row.index == index)) return &row;
        }
        return nullptr;
    }

    static std::string name_of_block(const SlotName &row, int index) {
        std::string name = row.name;
        if (const std::size_t number = name.find("{}"); number != name.npos) {
            name.replace(number, 2, std::to_string(index));
        }
        return name;
    }

    Result<void> take(Slot slot, int index, const TensorShape &shape) {
        const SlotName *row = find(slot, index);
        if (!row) {
            return fail(ErrorCode::unsupported, at(files_.file()) + "this naming of tensors has no " +
                                                    name_of(slot) + ", which the model has");
        }
        const std::string name = name_of_block(*row, index);
        TensorShape stored(row->ones, 1);
        stored.insert(stored.end(), shape.begin(), shape.end());
        stored[row->ones] *= row->part.of;
        if (slot == Slot::positions) VIT_TRY(check_positions(name, stored));
        auto whole = whole_.find(name);
        if (whole == whole_.end()) {
            VIT_TRY_ASSIGN(Tensor tensor, files_.take(name, stored));
            VIT_TRY(progress_.advance(static_cast<double>(files_.find(name)->data.size())));
            whole = whole_.emplace(name, std::move(tensor)).first;
        }
        Tensor part = whole->second;
        part.shape = shape;
        std::int64_t values = 1;
        for (const std::int64_t extent : shape) values *= extent;
        part.data = static_cast<const char *>(part.data) +
                    values * row->part.index * (part.dtype == DType::f32 ? 4 : 2);
        checkpoint_.tensors[{slot, index}] = std::move(part);
        return {};
    }

    Result<void> check_depth() const {
        const int blocks = count_blocks(files_.tensors(), naming_.block);
        if (blocks == a_.depth || blocks == 0)
            return {};  // 0: taking the first block's tensors tells what is missing
        return fail(ErrorCode::tensor, at(files_.file()) + "has " + std::to_string(blocks) + " layers ('" +
                                           naming_.block + "N.'), but " + naming_.depth_from + " is " +
                                           std::to_string(a_.depth));
    }

    // Another number of positions is a common state of a checkpoint, so it gets a sentence of its own.
    Result<void> check_positions(const std::string &name, const TensorShape &expected) const {
        const StoredTensor *stored = files_.find(name);
        if (!stored || stored->shape.size() != expected.size()) return {};
        const std::size_t t = expected.size() - 2;
        const std::int64_t found = stored->shape[t];
        if (found == expected[t] || stored->shape.back() != expected.back() ||
            (t == 1 && stored->shape[0] != 1)) {
            return {};
        }
        return fail(ErrorCode::unsupported, at(stored->file) + "tensor " + in_quotes(name) + " has " +
                                                std::to_string(found) + " positions, but " +
                                                naming_.positions_from + " make " +
                                                std::to_string(expected[t]) +
                                                "; positions cannot be resampled yet");
    }

    // Biases that there are, though the configuration says that there are none: said as such.
    Result<void> check_biases() const {
        if (a_.qkv_bias) return {};
        for (const Slot slot : {Slot::query_bias, Slot::key_bias, Slot::value_bias}) {
            const SlotName *row = find(slot, 0);
            if (!row) continue;
            const std::string name = name_of_block(*row, 0);
            if (const StoredTensor *stored = files_.find(name)) {
                return fail(ErrorCode::tensor, at(stored->file) + "tensor " + in_quotes(name) +
                                                   " is present, but " + naming_.biases_from + " is false");
            }
        }
        return {};
    }
};

}  // namespace

int count_blocks(const StoredTensors &tensors, std::string_view prefix) {
    int count = 0;
    for (auto tensor = tensors.lower_bound(prefix); tensor != tensors.end(); ++tensor) {
        std::string_view name = tensor->first;
        if (!name.starts_with(prefix)) break;
        int number = 0;
        for (const char c : name.substr(prefix.size(), 6)) {
            if (c < '0' || c > '9') break;
            number = 10 * number + (c - '0');
        }
        count = std::max(count, number + 1);
    }
    return count;
}

Result<void> read_tensors(TensorFiles &files, const Naming &naming, Checkpoint &checkpoint,
                          ProgressPart progress) {
    return Reader(files, naming, checkpoint, progress).read();
}

}  // namespace vit
