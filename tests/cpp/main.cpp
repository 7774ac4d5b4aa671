#include "check.hpp"

int main(int argc, char** argv) { return checks::run(argc > 1 ? argv[1] : ""); }
