#include "checkpoint/tensor_files.h"

#include <map>
#include <optional>

#include "checkpoint/finite.h"
#include "checkpoint/json.h"
#include "printable.h"

namespace vit {

namespace {

constexpr std::size_t max_shards = 1000;

std::optional<DType> dtype_of(std::string_view name) {
    if (name == "F32") return DType::f32;
    if (name == "F16") return DType::f16;
    if (name == "BF16") return DType::bf16;
    return {};
}

bool is_plain_file_name(std::string_view name) {
    return !name.empty() && name != "." && name != ".." && name.find('/') == name.npos &&
           name.find('\0') == name.npos;
}

// "[3, 17]": where in the shape the value with this row-major index stands.
std::string place_text(std::int64_t index, const std::vector<std::int64_t> &shape) {
    std::vector<std::int64_t> place(shape.size());
    for (std::size_t i = shape.size(); i-- > 0;) {
        place[i] = index % shape[i];
        index /= shape[i];
    }
    return shape_text(place);
}

tl::unexpected<Error> tensor_error(const std::string &file, std::string_view name,
                                   const std::string &what) {
    return fail(ErrorCode::tensor, printable_path(file) + ": tensor " + in_quotes(name) + " " + what);
}

}  // namespace

Result<TensorFiles> TensorFiles::open(const Files &in) {
    TensorFiles files;
    files.mapped_ = in.are_mapped();
    constexpr const char *single = "model.safetensors", *index = "model.safetensors.index.json";
    if (in.has(single)) {
        files.file_ = in.path(single);
        VIT_TRY(files.add(in, single, files.tensors_));
    } else if (in.has(index)) {
        files.file_ = in.path(index);
        VIT_TRY(files.add_shards(in, index));
    } else {
        for (const char *pickled : {"pytorch_model.bin", "pytorch_model.bin.index.json"}) {
            if (!in.has(pickled)) continue;
            return fail(ErrorCode::unsupported, printable_path(in.path(pickled)) +
                                                    ": is a pickle, which can run code when it is opened; "
                                                    "save the model as model.safetensors "
                                                    "(save_pretrained does) and use that");
        }
        return fail(ErrorCode::io, printable_path(in.name()) +
                                       ": has neither model.safetensors nor model.safetensors.index.json");
    }
    return files;
}

Result<void> TensorFiles::add(const Files &files, std::string_view file, StoredTensors &tensors) {
    VIT_TRY_ASSIGN(Files::Contents contents, files.open(file));
    VIT_TRY_ASSIGN(tensors, parse_safetensors(contents.bytes, files.path(file)));
    storage_.push_back(std::move(contents.storage));
    return {};
}

Result<void> TensorFiles::add_shards(const Files &files, std::string_view index_file) {
    const std::string index_path = files.path(index_file);
    VIT_TRY_ASSIGN(const JsonDocument json, read_json(files, index_file));
    VIT_TRY_ASSIGN(const JsonFields index, JsonFields::of(json.root(), index_path));
    const Json *weight_map = index.find("weight_map");
    if (!weight_map || !weight_map->is_object()) return index.error("weight_map", "is not a JSON object");

    std::map<std::string, std::size_t> tensors_of_shard;
    for (const auto &[name, shard] : weight_map->items()) {
        if (!shard.is_string() || !is_plain_file_name(shard.get_ref<const std::string &>())) {
            return index.error("weight_map", "puts tensor " + in_quotes(name) + " in " + json_text(shard) +
                                                 ", which is not the name of a file in the same directory");
        }
        tensors_of_shard[shard.get_ref<const std::string &>()]++;
    }
    if (tensors_of_shard.size() > max_shards) return index.error("weight_map", "names too many files");

    for (const auto &[shard, expected] : tensors_of_shard) {
        StoredTensors tensors;
        VIT_TRY(add(files, shard, tensors));
        for (auto &[name, tensor] : tensors) {
            const auto entry = weight_map->find(name);
            if (entry == weight_map->end())
                return tensor_error(tensor.file, name, "is not in the weight_map of the index");
            if (!is_text(*entry, shard)) {
                return tensor_error(tensor.file, name,
                                    "is in this file, but " + json_text(*entry) + " by the index");
            }
            tensors_.emplace(name, std::move(tensor));
        }
        if (tensors.size() == expected) continue;
        for (const auto &[name, file] : weight_map->items()) {
            if (is_text(file, shard) && tensors.find(name) == tensors.end()) {
                return tensor_error(files.path(shard), name,
                                    "is missing, though the index says it is here");
            }
        }
    }
    return {};
}

const StoredTensor *TensorFiles::find(std::string_view name) const {
    const auto found = tensors_.find(name);
    return found == tensors_.end() ? nullptr : &found->second;
}

Result<Tensor> TensorFiles::take(const std::string &name, const std::vector<std::int64_t> &shape) {
    const StoredTensor *stored = find(name);
    if (!stored) return tensor_error(file_, name, "of shape " + shape_text(shape) + " is missing");
    const auto dtype = dtype_of(stored->dtype);
    if (!dtype) {
        return tensor_error(stored->file, name,
                            "has type " + in_quotes(stored->dtype, 20) + ", not F32, F16 or BF16");
    }
    if (stored->shape != shape) {
        return tensor_error(stored->file, name,
                            "has shape " + shape_text(stored->shape) + " instead of " + shape_text(shape));
    }
    const auto count = static_cast<std::int64_t>(stored->data.size() / (*dtype == DType::f32 ? 4 : 2));
    if (const std::int64_t index = first_non_finite(stored->data.data(), *dtype, count); index >= 0) {
        return tensor_error(stored->file, name, "is NaN or infinite at " + place_text(index, shape));
    }
    // Read once to be checked, and once more to be packed, much later.
    if (mapped_) release_pages(stored->data);
    taken_.insert(name);
    return Tensor{name, stored->data.data(), *dtype, shape, mapped_};
}

Result<void> TensorFiles::check_all_taken(bool (*ignorable)(std::string_view name)) const {
    std::size_t unknown = 0;
    StoredTensors::const_iterator first;
    for (auto tensor = tensors_.begin(); tensor != tensors_.end(); ++tensor) {
        if (taken_.count(tensor->first) || ignorable(tensor->first)) continue;
        if (unknown++ == 0) first = tensor;
    }
    if (unknown == 0) return {};
    const std::string others = unknown == 1 ? "" : " (and " + std::to_string(unknown - 1) + " more)";
    return tensor_error(first->second.file, first->first,
                        "of shape " + shape_text(first->second.shape) + " is not known" + others);
}

}  // namespace vit
