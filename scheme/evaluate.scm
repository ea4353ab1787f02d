;;; Tells the jobs that Guix's own (gnu ci) finds for one system, a JSON object on each line that
;;; begins with a mark. It is run by the Guix whose channels are read:
;;;
;;;     guix repl -- evaluate.scm LIBRARY MARK REQUEST ROOT
;;;
;;; LIBRARY is telling.scm, REQUEST a file with one datum, ((channels REPOSITORY ...) (system NAME)
;;; (subset SUBSET)), and ROOT the file name of a root that keeps the derivations, or "".
;;;
;;; `cuirass-jobs' answers a whole list. A selection of several names is therefore asked for name by
;;; name, so that jobs are told early and a fault is that of its name; and a package that cannot be
;;; lowered is told as a fault of its own, while `cuirass-jobs' goes on with the next one.

(use-modules (ice-9 match)
             (srfi srfi-1))

(define arguments (cdr (command-line)))
(load (list-ref arguments 0))
(define mark (list-ref arguments 1))
(define request (call-with-input-file (list-ref arguments 2) read))
(define root (list-ref arguments 3))

(define (asked key) (cdr (assq key request)))
(define channels (asked 'channels))
(define system (car (asked 'system)))
(define subset (car (asked 'subset)))

(open-events mark)


;;; What stands in for the derivation of a package that has none. Its substitutes are refused, for
;;; which (gnu ci) leaves out most packages by itself.

(define stand-ins (make-hash-table))    ;file name -> (package name, words, told?)
(define made 0)
(define failures-in-a-row 0)
(define most-failures-in-a-row 2000)

(define (stand-in-derivation package words)
  (let* ((number (number->string (hash-count (const #t) stand-ins)))
         (file (string-append "/no-store/" number ".drv"))
         (text (string-append "Derive([(\"out\",\"/no-store/" number "\",\"\",\"\")],[],[],\""
                              system "\",\"builtin:error\",[],[(\"allowSubstitutes\",\"0\"),"
                              "(\"out\",\"/no-store/" number "\")])")))
    (hash-set! stand-ins file (list (package-label package) words #f))
    (call-with-input-string text
      (lambda (port)
        (set-port-filename! port file)
        ((bound '(guix derivations) 'read-derivation) port)))))

(define (package-label package)
  (string-append ((bound '(guix packages) 'package-name) package) "." system))

(define (lost-connection? key args)
  (let ((store-connection-error? (bound '(guix store) 'store-connection-error?)))
    (and (eq? key '%exception) (pair? args) store-connection-error?
         (store-connection-error? (car args)))))

(define (note-progress)
  (set! made (+ made 1))
  (when (zero? (modulo made 500))
    (tell `((progress . ,made) (system . ,system)
            (heap . ,(assq-ref (gc-stats) 'heap-size))))))

(define inside? #f)                     ;what they call themselves is not looked at

(define (keep-faults-apart! name package-of answer)
  "Let NAME of (guix packages) answer (ANSWER STAND-IN) for a package that it cannot deal with."
  (define (try real arguments)
    (set! inside? #t)
    (forget-what-was-said)
    (catch #t
      (lambda ()
        (let ((value (apply real arguments)))
          (set! inside? #f)
          (set! failures-in-a-row 0)
          value))
      (lambda (key . args)
        (set! inside? #f)
        (set! failures-in-a-row (+ failures-in-a-row 1))
        (if (or (lost-connection? key args)
                (> failures-in-a-row most-failures-in-a-row))
            (apply throw key args)
            (answer (stand-in-derivation (package-of arguments) (words-of key args)))))))
  (replace! name
            (lambda (real)
              (lambda arguments
                (if inside? (apply real arguments) (try real arguments))))))

(define (replace! name make)
  "Put (MAKE OLD) in the place of NAME of (guix packages), for all who import it."
  (let ((variable (module-variable (resolve-interface '(guix packages)) name)))
    (when variable
      (variable-set! variable (make (variable-ref variable))))))

(define faults-apart?
  (match subset
    ((or 'all 'core 'hello ('channels . _) ('packages . _)) #t)
    (_ #f)))

(when faults-apart?
  ;; The inputs of a package are looked at first when it is asked where it can be built.
  (keep-faults-apart! 'supported-package? first (const #f))
  (keep-faults-apart! 'package-derivation second identity)
  (keep-faults-apart! 'package-cross-derivation second identity)
  (replace! 'package-derivation
            (lambda (guarded)
              (lambda arguments
                (let ((derivation (apply guarded arguments)))
                  (note-progress)
                  derivation)))))


;;; Telling.

(define told (make-hash-table))         ;(name . derivation) -> #t
(define derivations (make-hash-table))

(define (tell-job job)
  (define (field key) (let ((pair (assq key job))) (and pair (cdr pair))))
  (let* ((name (text-of (field #:job-name)))
         (derivation (field #:derivation))
         (stand-in (hash-ref stand-ins derivation)))
    (cond (stand-in
           (hash-set! stand-ins derivation (list (first stand-in) (second stand-in) #t))
           (tell `((error . ,name) (words . ,(second stand-in)))))
          ((not (string? derivation))
           (tell `((error . ,name) (words . "the job has no derivation"))))
          ((not (hash-ref told (cons name derivation)))
           (hash-set! told (cons name derivation) #t)
           (hash-set! derivations derivation #t)
           (tell `((job . ,name)
                   (derivation . ,derivation)
                   (outputs . ,(map (match-lambda ((output . path) (cons (text-of output) path)))
                                    (or (field #:outputs) '())))
                   (inputs . ,(list->vector (or (field #:inputs) '())))
                   (nix-name . ,(field #:nix-name))
                   (system . ,(text-of (field #:system)))
                   (max-silent-time . ,(field #:max-silent-time))
                   (timeout . ,(field #:timeout))))))))

(define (tell-lone-faults)
  (hash-for-each
   (lambda (file entry)
     (match entry
       ((label words #f)
        (hash-set! stand-ins file (list label words #t))
        ;; Variants of a package have its name.
        (unless (hash-ref told (cons label words))
          (hash-set! told (cons label words) #t)
          (tell `((error . ,label) (words . ,words)))))
       (_ #t)))
   stand-ins))

(define (units subset)
  (match subset
    (((and kind (or 'packages 'channels 'manifests 'custom)) names ...)
     (map (lambda (name)
            (cons (if (list? name) (string-join (map text-of name) " ") (text-of name))
                  (list kind name)))
          names))
    (set (list (cons (text-of set) set)))))

(define (read-unit store name subset fail)
  (define cuirass-jobs (bound '(gnu ci) 'cuirass-jobs))
  (forget-what-was-said)
  (catch #t
    (lambda ()
      (for-each (lambda (job)
                  (catch #t
                    (lambda () (tell-job job))
                    (lambda (key . args)
                      (tell `((error . ,name) (words . "a job that cannot be read"))))))
                (cuirass-jobs store `((channels . ,channels)
                                      (systems . (,system))
                                      (subset . ,subset))))
      #t)
    (lambda (key . args)
      (when (lost-connection? key args)
        (apply throw key args))
      (fail (words-of key args))
      #f)))

(define (keep-derivations store)
  ;; One text that refers to all of them, so that one root keeps them until they are registered.
  (unless (or (string-null? root) (zero? (hash-count (const #t) derivations)))
    (catch #t
      (lambda ()
        (let ((item ((bound '(guix store) 'add-text-to-store)
                     store "gambeson-jobs" system
                     (hash-map->list (lambda (derivation told) derivation) derivations))))
          (false-if-exception (delete-file root))
          (symlink item root)
          ((bound '(guix store) 'add-indirect-root) store root)))
      (lambda (key . args)
        (format (current-error-port) "no root keeps the derivations: ~a~%"
                (words-of key args))))))

(define (read-all store)
  (match (units subset)
    (((name . only))
     ;; Nothing else is asked for, so that a fault of it is that of the evaluation.
     (let ((read? (read-unit store name only
                             (lambda (words)
                               (tell-lone-faults)
                               (tell `((failed . ,words)))))))
       (tell-lone-faults)
       (keep-derivations store)
       (when read? (tell `((done . ,made))))))
    (several
     (let ((read (filter (match-lambda
                           ((name . unit)
                            (read-unit store name unit
                                       (lambda (words)
                                         (tell `((error . ,(string-append name "." system))
                                                 (words . ,words)))))))
                         several)))
       (tell-lone-faults)
       (keep-derivations store)
       (if (null? read)
           (tell `((failed . "none of what the specification names can be evaluated")))
           (tell `((done . ,made))))))))

(catch #t
  (lambda () (read-all ((bound '(guix store) 'open-connection))))
  (lambda (key . args)
    (tell `((failed . ,(words-of key args))
            (connection . ,(lost-connection? key args))))))
