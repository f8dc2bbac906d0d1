/** Conditions as trees. */

/** The part of CEL's syntax tree that is read. */
export interface Expr {
  readonly exprKind:
    | { readonly case: "identExpr"; readonly value: { readonly name: string } }
    | { readonly case: "selectExpr"; readonly value: { readonly operand?: Expr; readonly field: string } }
    | {
        readonly case: "callExpr";
        readonly value: { readonly function: string; readonly target?: Expr; readonly args: readonly Expr[] };
      }
    | { readonly case: "listExpr"; readonly value: { readonly elements: readonly Expr[] } }
    | {
        readonly case: "structExpr";
        readonly value: {
          readonly entries: readonly {
            readonly keyKind: { readonly case?: string; readonly value?: unknown };
            readonly value?: Expr;
          }[];
        };
      }
    | {
        readonly case: "constExpr";
        readonly value: { readonly constantKind: { readonly case?: string; readonly value?: unknown } };
      }
    | {
        readonly case: "comprehensionExpr";
        readonly value: {
          readonly iterVar: string;
          readonly accuVar: string;
          readonly iterRange?: Expr;
          readonly accuInit?: Expr;
          readonly loopCondition?: Expr;
          readonly loopStep?: Expr;
          readonly result?: Expr;
        };
      }
    | { readonly case: undefined; readonly value?: undefined };
}

/** The text of a literal; undefined for anything else. */
export function literalOf(expr: Expr | undefined): string | undefined {
  if (expr?.exprKind.case !== "constExpr") return undefined;
  const { value } = expr.exprKind.value.constantKind;
  return typeof value === "string" ? value : undefined;
}
