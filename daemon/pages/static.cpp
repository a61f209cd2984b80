// /static/: the files of web/ and dygraphs, which never change while quipud runs. Hashed and squeezed once.
#include "daemon/pages/static.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <vector>

#include "daemon/pages/gzip.hpp"
#include "daemon/pages/handlers.hpp"
#include "daemon/pages/negotiate.hpp"
#include "daemon/pages/web/assets.hpp"

namespace quipu {

namespace {

struct BuiltIn {
    std::string_view name;
    std::string_view content_type;
    const std::string_view& content;
};

constexpr std::string_view css = "text/css; charset=utf-8";
constexpr std::string_view javascript = "text/javascript; charset=utf-8";

// THE list of static files.
constexpr std::array sources = {
    BuiltIn{"style.css", css, web::style_css},
    BuiltIn{"icon.svg", "image/svg+xml", web::icon_svg},
    BuiltIn{"page.js", javascript, web::page_js},
    BuiltIn{"feed.js", javascript, web::feed_js},
    BuiltIn{"live.js", javascript, web::live_js},
    BuiltIn{"flame.js", javascript, web::flame_js},
    BuiltIn{"dashboard.css", css, web::dashboard_css},
    BuiltIn{"tiles.js", javascript, web::tiles_js},
    BuiltIn{"view.js", javascript, web::view_js},
    BuiltIn{"charts.js", javascript, web::charts_js},
    BuiltIn{"add.js", javascript, web::add_js},
    BuiltIn{"dygraph.css", css, web::dygraph_css},
    BuiltIn{"dygraph.js", javascript, web::dygraph_js},
};

struct StaticFile {
    std::string_view name;
    std::string_view content_type;
    std::string_view content;
    std::string squeezed;
    std::string link;
};

// FNV-1a: tells versions of our own files apart; nobody attacks it.
std::string hash_text(std::string_view content) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : content) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    std::string out;
    for (int shift = 60; shift >= 0; shift -= 4) out += digits[hash >> shift & 15];
    return out;
}

std::vector<StaticFile> make_files() {
    std::vector<StaticFile> files;
    for (const BuiltIn& source : sources) {
        StaticFile file{source.name, source.content_type, source.content, {}, {}};
        file.squeezed = gzip_small(source.content);
        file.link.append("/static/").append(source.name).append("?v=").append(hash_text(source.content));
        files.push_back(std::move(file));
    }
    return files;
}

const StaticFile* find_file(std::string_view name) {
    static const std::vector<StaticFile> files = make_files();
    const auto it = std::find_if(files.begin(), files.end(), [name](const auto& file) { return file.name == name; });
    return it == files.end() ? nullptr : &*it;
}

}  // namespace

std::string static_link(std::string_view name) {
    const StaticFile* file = find_file(name);
    assert(file != nullptr);
    return file->link;
}

PageResult static_page(const State& /*state*/, const Request& request, Now /*now*/) {
    constexpr std::string_view folder = "/static/";
    const StaticFile* file = find_file(std::string_view(request.path).substr(folder.size()));
    if (!file) return error_response(404, "There is no such file.");
    Response response;
    response.content_type = file->content_type;
    const bool is_squeezed = accepts_gzip(request.accept_encoding);
    response.body = is_squeezed ? std::string_view(file->squeezed) : file->content;
    if (is_squeezed) response.headers.emplace_back("Content-Encoding", "gzip");
    response.headers.emplace_back("Vary", "Accept-Encoding");
    const std::string* version = request.parameter("v");
    const bool is_this_version = version && file->link.ends_with("=" + *version);
    response.headers.emplace_back(
        "Cache-Control", is_this_version ? "private, max-age=31536000, immutable" : "no-cache"
    );
    return response;
}

}  // namespace quipu
