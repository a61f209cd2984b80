// ask-emitter SOCKET: plays quipud at that socket, without its pages, and asks the mail daemon that connects. Each line
// of standard input is a question, "TOPIC FILE KEY=VALUE ..."; the answer goes into the file, and a line says
// "answered STATUS BYTES", with the numbers of Status in quipu.proto, or "lost".
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

#include "tests/support/asking.hpp"
#include "tests/support/mini_quipud.hpp"

using namespace quipu;
using namespace quipu::test;

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: ask-emitter SOCKET\n");
        return 2;
    }
    MiniQuipud quipud(argv[1]);
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream words(line);
        std::string topic, path;
        words >> topic >> path;
        QueryArgs args;
        for (std::string word; words >> word;) {
            const std::size_t at = word.find('=');
            args.emplace_back(word.substr(0, at), at == std::string::npos ? "" : word.substr(at + 1));
        }
        const AskId id = ask(quipud, topic, args);
        const Reply got = reply(quipud, id, std::chrono::minutes(10));
        std::ofstream(path, std::ios::binary) << got.body;
        if (got.outcome == Outcome::answered) {
            std::printf("answered %d %zu\n", static_cast<int>(got.status), got.body.size());
        } else {
            std::printf("lost\n");
        }
        std::fflush(stdout);
    }
    return 0;
}
