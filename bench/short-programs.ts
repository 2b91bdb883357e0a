/** Short programs in Python, each another one: what a farm records by the thousand. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What is imported, and an expression of it. */
const topics: readonly (readonly [imports: string, expression: string])[] = [
  ['json', "json.dumps({'key': [1, 2, 3]}, indent=1)"],
  ['re', "re.sub('[0-9]+', '#', 'a1b22c333')"],
  ['subprocess', "subprocess.run(['/bin/echo', 'hello'], capture_output=True).stdout"],
  ['collections', "collections.Counter('abracadabra').most_common(2)"],
  ['itertools', "list(itertools.permutations('abc', 2))[:4]"],
  ['functools', 'functools.reduce(lambda a, b: a * b, range(1, 9))'],
  ['math', 'math.comb(20, 7)'],
  ['random', 'random.Random(7).sample(range(100), 5)'],
  ['string', "string.Template('$who').substitute(who='me')"],
  ['datetime', 'datetime.date(2020, 2, 28) + datetime.timedelta(2)'],
  ['decimal', "decimal.Decimal('0.1') * 3"],
  ['fractions', 'fractions.Fraction(3, 9) + 2'],
  ['statistics', 'statistics.median([3, 1, 2])'],
  ['textwrap', "textwrap.fill('some words to wrap ' * 9, 30)"],
  ['csv, io', "list(csv.reader(io.StringIO('a,b\\n1,2')))"],
  ['os', 'sorted(os.listdir(os.curdir))[:2]'],
  ['pathlib', "pathlib.PurePath('a', 'b').parts"],
  ['shutil, tempfile', 'shutil.rmtree(tempfile.mkdtemp())'],
  ['glob', "sorted(glob.glob('*.py'))[:2]"],
  ['fnmatch', "fnmatch.filter(['a.c', 'b.py'], '*.py')"],
  ['hashlib', "hashlib.sha256(b'some bytes').hexdigest()"],
  ['base64', "base64.b64encode(b'some bytes')"],
  ['struct', "struct.pack('<IH', 7, 8)"],
  ['zlib', "zlib.crc32(b'some bytes')"],
  ['copy', "copy.deepcopy({'a': [1]})"],
  ['enum', "enum.Enum('Colour', 'red green').red"],
  ['dataclasses', "dataclasses.make_dataclass('Point', ['x', 'y'])(1, 2)"],
  ['typing', 'typing.get_type_hints(type)'],
  ['contextlib, io', 'contextlib.redirect_stdout(io.StringIO())'],
  ['heapq', 'heapq.nsmallest(2, [5, 1, 4])'],
  ['bisect', 'bisect.bisect([1, 3, 5], 4)'],
  ['operator', "operator.itemgetter(1)('abc')"],
  ['configparser', "configparser.ConfigParser().read('none.ini')"],
  ['logging', "logging.getLogger('a').isEnabledFor(10)"],
  ['difflib', "list(difflib.ndiff(['a'], ['b']))"],
  ['html', "html.escape('<a>')"],
  ['urllib.parse', "urllib.parse.urlsplit('http://host/path?query').netloc"],
  ['uuid', "uuid.uuid5(uuid.NAMESPACE_DNS, 'host')"],
  ['pprint', 'pprint.pformat(list(range(40)))[:20]'],
  ['queue', 'queue.Queue(3).empty()'],
  ['threading', 'threading.active_count()'],
  ['time', "time.strftime('%Y', time.gmtime(0))"],
  ['calendar', 'calendar.isleap(2024)'],
  ['ast', "ast.dump(ast.parse('1 + 2'))"],
  ['tokenize, io', "sum(1 for _ in tokenize.generate_tokens(io.StringIO('a = 1').readline))"],
  ['inspect', 'str(inspect.signature(print))'],
  ['traceback', 'traceback.format_stack()[-1]'],
  ['types', 'types.SimpleNamespace(a=1)'],
  ['weakref', 'weakref.WeakSet()'],
  ['abc', 'abc.ABC.__name__'],
  ['secrets', 'len(secrets.token_bytes(8))'],
  ['argparse', "argparse.ArgumentParser(prog='a').format_usage()"],
];

const shapes: readonly ((imports: string, expression: string, number: number) => string)[] = [
  (imports, expression, number) => `import ${imports}\n\nprint('case', ${number}, ${expression})\n`,
  (imports, expression, number) =>
    [
      `import unittest\nimport ${imports}\n\n`,
      'class Case(unittest.TestCase):',
      `    def test_${number}(self):`,
      `        value = ${expression}`,
      '        self.assertEqual(str(value), str(value))\n\n',
      "if __name__ == '__main__':",
      '    unittest.main()\n',
    ].join('\n'),
  (imports, expression, number) =>
    [
      `import argparse\nimport json\nimport re\nimport ${imports}\n`,
      "parser = argparse.ArgumentParser(description='a short program')",
      `parser.add_argument('--number', type=int, default=${number})`,
      'options = parser.parse_args()',
      `text = json.dumps({'number': options.number, 'value': str(${expression})})`,
      "print(re.sub('[{}]', '', text))\n",
    ].join('\n'),
];

/** Writes them to a folder; their names. */
export function writeShortPrograms(directory: string): string[] {
  const sources = shapes.flatMap((shape) => topics.map(([imports, expression]) => ({ shape, imports, expression })));
  return sources.map(({ shape, imports, expression }, number) => {
    const name = `program${String(number).padStart(3, '0')}.py`;
    writeFileSync(join(directory, name), shape(imports, expression, number));
    return name;
  });
}
