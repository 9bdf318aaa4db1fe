// Values and lists of fields as JSON, written and read by their types: enumerations by name.
#pragma once

#include <array>
#include <type_traits>

#include "checkpoint/json.h"
#include "vit/fields.h"

namespace vit {

// Into the null that stands in a document already.
inline void put(Json &place, int value) { place = value; }
inline void put(Json &place, bool value) { place = value; }
inline void put(Json &place, float value) { place = value; }
inline void put(Json &place, double value) { place = value; }
inline void put(Json &place, const std::string &value) { place = value; }
template<typename Enum>
requires std::is_enum_v<Enum>
void put(Json &place, Enum value) {
    place = name_of(value);
}
template<typename List>
requires requires(const List &list) { list.begin(); }
void put(Json &place, const List &list) {
    place = Json::array();
    for (const auto &value : list) {
        place.push_back(nullptr);
        put(place.back(), value);
    }
}

// Of an architecture or of preprocessing, all that their lists of fields name.
template<typename Fields>
void put_fields(Json &place, const Fields &fields) {
    place = Json::object();
    for_each_field(fields, [&](const char *name, const auto &value, const char *, auto...) {
        put(place[name], value);
    });
}

template<typename Enum>
Result<void> read_named(const Json *json, const JsonFields &fields, const char *name, Enum &value) {
    const auto named = json && json->is_string() ? value_named<Enum>(json->get_ref<const std::string &>())
                                                 : std::optional<Enum>();
    if (!named) {
        return fields.error(name, (json ? "is " + json_text(*json) : std::string("is missing")) +
                                      ", which is not known");
    }
    value = *named;
    return {};
}

// A visitor of for_each_field, which reads each into its place. Every field has to be there, or in the
// defaults of `fields`: none has a value that could be meant where it is missing.
struct ReadField {
    const JsonFields &fields;
    Result<void> result;

    void operator()(const char *name, int &value, const char *, Range range) {
        keep(present(name) ? fields.integer(name, 0, static_cast<int>(range.least),
                                            static_cast<int>(range.most))
                           : missing(name),
             value);
    }
    void operator()(const char *name, float &value, const char *, Range range) {
        double number = 0;
        keep(present(name) ? fields.number(name, 0, range.least, range.most) : missing(name), number);
        value = static_cast<float>(number);
    }
    void operator()(const char *name, double &value, const char *, Range range) {
        keep(present(name) ? fields.number(name, 0, range.least, range.most) : missing(name), value);
    }
    template<typename T>
    void operator()(const char *name, std::array<T, 3> &channels, const char *, Range range) {
        if (!result) return;
        const Json *list = fields.find(name);
        if (!list || !list->is_array() || list->size() != channels.size()) {
            result = fields.error(name, "is not a list of 3 numbers");
            return;
        }
        for (std::size_t i = 0; i < channels.size(); i++) {
            if constexpr (std::is_same_v<T, int>) {
                keep(json_integer((*list)[i], fields.at(name), static_cast<int>(range.least),
                                  static_cast<int>(range.most)),
                     channels[i]);
            } else {
                keep(json_number((*list)[i], fields.at(name), range.least, range.most), channels[i]);
            }
        }
    }
    void operator()(const char *name, bool &value, const char *) {
        keep(present(name) ? fields.boolean(name, false) : missing(name), value);
    }
    void operator()(const char *name, std::vector<Feature> &features, const char *) {
        if (!result) return;
        const Json *list = fields.find(name);
        const std::size_t most = std::size(NamesOf<Feature>::names);
        if (!list || !list->is_array() || list->empty() || list->size() > most) {
            result = fields.error(name, "is not a list of features");
            return;
        }
        features.assign(list->size(), Feature::class_token);
        for (std::size_t i = 0; result && i < features.size(); i++) {
            result = read_named(&(*list)[i], fields, name, features[i]);
        }
    }
    template<typename Enum>
    void operator()(const char *name, Enum &value, const char *) {
        if (result) result = read_named(fields.find(name), fields, name, value);
    }

private:
    bool present(const char *name) const { return fields.find(name) != nullptr; }
    tl::unexpected<Error> missing(const char *name) const { return fields.error(name, "is missing"); }
    template<typename T>
    void keep(Result<T> read, T &value) {
        if (!result) return;
        if (read) {
            value = *read;
        } else {
            result = tl::unexpected<Error>(std::move(read.error()));
        }
    }
};

}  // namespace vit
