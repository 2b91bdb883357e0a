// C++: containers, a virtual function, an exception through two frames, overloaded functions, a template.
#include <iostream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace shapes {
class Shape {
 public:
  virtual ~Shape() = default;
  virtual double area() const = 0;
};

class Rectangle : public Shape {
 public:
  Rectangle(double width, double height) : width_(width), height_(height) {}
  double area() const override { return width_ * height_; }  // the rectangle

 private:
  double width_, height_;
};
}  // namespace shapes

template <typename Value>
Value twice(Value value) {
  return value + value;
}

static int check(const std::vector<std::string> &words, const std::map<std::string, int> &counts) {
  if (words.size() > 2) throw std::runtime_error("too many words");  // throws
  return static_cast<int>(counts.size());
}

int main() {
  std::unique_ptr<shapes::Shape> shape = std::make_unique<shapes::Rectangle>(3, 4);
  std::vector<std::string> words = {"one", "two", "three"};
  std::map<std::string, int> counts = {{"one", 1}, {"two", 2}};
  double area = shape->area();
  int result = 0;
  try {
    result = check(words, counts);
  } catch (const std::exception &error) {
    words.push_back(error.what());  // caught
  }
  std::cout << twice(area) << ' ' << twice(std::string("ab")) << ' ' << words.size() + result << std::endl;
  return 0;
}
